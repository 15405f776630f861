#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Containers on the machine's own GPUs: the driver's nvidia-smi and a CUDA program that computes, with what
# was granted and nothing else. For a machine with a GPU and NVIDIA's driver: `tests/run --real-gpu`.
# support/real.sh says how to play it without one (NVC_REAL_ROOT).

# shellcheck disable=SC2016 # words of the container's shell
# shellcheck source=tests/support/real.sh
. "$NVC_SOURCE_DIR/tests/support/real.sh"

bats_require_minimum_version 1.5.0

setup_file() {
	real_init
	real_image
	real_harness
	echo "# containers by: $REAL_HARNESS" >&3
	[[ $REAL_HARNESS != cell || ! -s $ENGINES_DIR/try.log ]] || sed 's/^/# runc: /' "$ENGINES_DIR/try.log" >&3
	real_devices >"$ENGINES_DIR/devices"
}

teardown_file() {
	engines_done
}

setup() {
	mapfile -t wishes < <(cut -f 1 "$ENGINES_DIR/devices")
	mapfile -t uuids < <(cut -f 2 "$ENGINES_DIR/devices")
}

# run, with all that helps where it fails
container() { # as real_run
	run --separate-stderr real_run "$@"
	echo "status $status: $output"
	# shellcheck disable=SC2154 # run sets it
	echo "$stderr"
	[[ $status -eq 0 ]] || tail -n 20 "$ENGINES_DIR/hook.log" || true
}

digits() { # UUID...
	printf '%s\n' "${@#*-}"
}

# The output is that of cuda-vector, and it computed on these and on no others. With MIG devices CUDA has one at a
# time, of its own choice.
computed_on() { # UUID...
	[ -n "$output" ]
	sed 's/^/# computed: /' <<<"$output" >&3
	[[ " $* " != *' MIG-'* ]] || return 0
	diff <(digits "$@" | sort) <(awk '{ print $3 }' <<<"$output" | sort)
}

# Two GPUs, neither in MIG mode
needs_two() {
	if ((${#wishes[@]} < 2)) || [[ ${wishes[0]}${wishes[1]} == *:* ]]; then skip "this machine has no two whole GPUs"; fi
}

needs_runc() { # REASON
	[[ $REAL_HARNESS != cell ]] || skip "$1"
}

@test "all GPUs: nvidia-smi lists those of the machine, and each computes" {
	((${#uuids[@]} > 0))
	container hook 'nvidia-smi -L' NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=utility,compute
	[ "$status" -eq 0 ]
	diff <(real_smi -L) <(echo "$output")
	container hook cuda-vector NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=utility,compute
	[ "$status" -eq 0 ]
	computed_on "${uuids[@]}"
}

@test "by the shim: docker run --runtime nvidia, one device by its index" {
	needs_runc "the shim calls a runtime"
	container shim cuda-vector "NVIDIA_VISIBLE_DEVICES=${wishes[0]}" NVIDIA_DRIVER_CAPABILITIES=utility,compute
	[ "$status" -eq 0 ]
	computed_on "${uuids[0]}"
	# nothing is given to one that asks for nothing
	container shim 'ls /dev; ls /usr/bin/nvidia-smi'
	[ "$status" -ne 0 ]
	[[ $output != *nvidia* ]]
}

@test "by nvc-cli configure, as NVIDIA's hook calls it, one device by its UUID" {
	REAL_WORDS="--device=${uuids[-1]} --compute --utility"
	container configure cuda-vector
	[ "$status" -eq 0 ]
	computed_on "${uuids[-1]}"
	container configure 'nvidia-smi -L'
	[ "$status" -eq 0 ]
	[[ $output == *"${uuids[-1]}"* ]]
}

@test "one of several: the others are not seen, by index and by UUID" {
	local one other
	needs_two
	for one in 0 1; do
		other=$((1 - one))
		container hook cuda-vector "NVIDIA_VISIBLE_DEVICES=${wishes[one]}"
		[ "$status" -eq 0 ]
		computed_on "${uuids[one]}"
		container hook 'nvidia-smi -L; ls /dev' "NVIDIA_VISIBLE_DEVICES=${uuids[one]}"
		[ "$status" -eq 0 ]
		[[ $output == *"${uuids[one]}"* && $output != *"${uuids[other]}"* ]]
		[ "$(grep -cE '^nvidia[0-9]+$' <<<"$output")" -eq 1 ]
	done
}

@test "utility alone: nvidia-smi works, and there is no libcuda" {
	container hook 'nvidia-smi -L && ldconfig -p && { cuda-vector 2>&1 || true; }' NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=utility
	[ "$status" -eq 0 ]
	[[ $output == *"${uuids[0]}"* ]]
	[[ $output == *libnvidia-ml.so.1* ]]
	[[ $output == *'cuda-vector: libcuda.so.1: cannot open shared object file'* ]]
}

@test "compute alone: it computes, and there is no nvidia-smi" {
	container hook 'cuda-vector; ls /usr/bin/nvidia-smi' "NVIDIA_VISIBLE_DEVICES=${wishes[0]}" NVIDIA_DRIVER_CAPABILITIES=compute
	[ "$status" -ne 0 ]
	[[ $stderr == *"/usr/bin/nvidia-smi: No such file"* ]]
	computed_on "${uuids[0]}"
}

@test "the driver makes no nodes for the container: /proc/driver/nvidia is its own" {
	[[ $REAL_ROOT == / ]] || skip "the procfs of this machine has no driver"
	container hook 'grep ^ModifyDeviceFiles: /proc/driver/nvidia/params; ls /proc/driver/nvidia/gpus' "NVIDIA_VISIBLE_DEVICES=${wishes[0]}"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = 'ModifyDeviceFiles: 0' ]
	[ "${#lines[@]}" -eq 2 ]
	# the machine's own is as it was
	[ "$(find /proc/driver/nvidia/gpus -mindepth 1 -maxdepth 1 | wc -l)" -eq "$(real_field uuid | wc -l)" ]
}

@test "none: the driver's files, no GPU, and CUDA says so" {
	container hook 'ls /dev; ldconfig -p | grep -c "libcuda.so.1 "; cuda-vector' NVIDIA_VISIBLE_DEVICES=none
	[ "$status" -eq 1 ]
	[[ $output != *nvidia[0-9]* ]]
	[ "${lines[-1]}" -ge 1 ]
	[[ $stderr == *'cuda-vector: cuInit: '* || $stderr == *'cuda-vector: CUDA shows no GPU'* ]]
}

@test "a node that a container makes itself opens no GPU that was not granted" {
	local node script
	needs_runc "a cell has no cgroup of its own"
	node=$(find "${REAL_ROOT%/}/dev" -maxdepth 1 -type c -name 'nvidia[0-9]*' | sort | head -n 1)
	[ -n "$node" ]
	script="mknod -m 666 /tmp/node c $((16#$(stat -c %t "$node"))) $((16#$(stat -c %T "$node"))) && echo made && cat /tmp/node"
	REAL_CAPABILITY=CAP_MKNOD
	container hook "$script" NVIDIA_VISIBLE_DEVICES=none
	[ "$output" = made ]
	[[ $stderr == *'/tmp/node'*'Operation not permitted'* ]]
	# where it was granted it can be opened, and that is all a node is good for here
	container hook "$script" NVIDIA_VISIBLE_DEVICES=all
	[[ $output == made* && $stderr != *'Operation not permitted'* ]]
}
