#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The suites for a real GPU (tests/real) themselves: they pass on a stand-in, and fail where something is not
# as it must be. So they are not broken on the day when there is a GPU.

# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

bats_require_minimum_version 1.5.0

setup_file() {
	gpu_init
	local nvml=$NVC_BUILD_DIR/tests/support/nvml
	gpu_driver two --gpus 2 --no-compat32 --cuda "$nvml/libcuda.so.1" --facts 'visible nodes'
	cp "$NVC_SOURCE_DIR/tests/support/nvml/nvidia-smi" "$(gpu_dir two)/usr/bin/"
	# a root for cuda-vector alone
	export VECTOR=$ENGINES_DIR/vector
	cp -a "$GPU_IMAGE" "$VECTOR"
	cp "$NVC_BUILD_DIR/tests/support/cuda-vector" "$VECTOR/usr/bin/"
	cp "$nvml/libcuda.so.1" "$VECTOR/usr/lib/"
	chroot "$VECTOR" /sbin/ldconfig
}

teardown_file() {
	engines_done
}

setup() {
	machine=$(gpu_dir two)
	facts=$machine/etc/stand-in-nvml
}

suite() { # NAME WORD...: of bats
	local name=$1
	shift
	run env -u ENGINES_DIR -u NVC_REAL_NOTE NVC_REAL_ROOT="$machine" NVC_REAL_SMI="env STAND_IN_ROOT=$machine $machine/usr/bin/nvidia-smi" \
		bats --formatter tap "$@" "$NVC_SOURCE_DIR/tests/real/$name.bats" 3>&-
	echo "$output"
}

# Every test of the suite was run and passed, and so many were skipped.
all_pass() { # NAME SKIPPED
	[ "$status" -eq 0 ]
	[ "$(grep -c '^ok ' <<<"$output")" -eq "$(grep -c '^@test ' "$NVC_SOURCE_DIR/tests/real/$1.bats")" ]
	[ "$(grep -c '^ok .* # skip ' <<<"$output")" -eq "$2" ]
}

@test "info: all of it agrees with the stand-in of nvidia-smi; each fact that differs is found" {
	local other=$BATS_TEST_TMPDIR/other field
	suite 01-info
	all_pass 01-info 0
	# nvidia-smi of another machine
	mkdir -p "$other/etc" "$other/dev"
	touch "$other"/dev/nvidia{0,1}
	sed 's/compute=9.0/compute=8.0/; s/GPU-00000001/GPU-10000001/; s/mig=none/mig=off/; s/^cuda 12.4/cuda 12.3/; s/:02:00/:03:00/; s/^driver .*/driver 550.54.16/
		s/name=/name=A /' "$facts" >"$other/etc/stand-in-nvml"
	run env -u ENGINES_DIR -u NVC_REAL_NOTE NVC_REAL_ROOT="$machine" NVC_REAL_SMI="env STAND_IN_ROOT=$other $machine/usr/bin/nvidia-smi" \
		bats --formatter tap "$NVC_SOURCE_DIR/tests/real/01-info.bats" 3>&-
	echo "$output"
	[ "$status" -eq 1 ]
	for field in uuid pci.bus_id name compute_cap driver_version mig.mode.current; do [[ $output == *"'$field' differs"* ]]; done
	[ "$(grep -c '^not ok ' <<<"$output")" -eq 3 ]
}

@test "containers by runc: the GPUs that were granted are seen and compute" {
	suite 02-container
	all_pass 02-container 1
	[[ $output == *'containers by: runc'* ]]
	[ "$(grep -c '^# computed: ' <<<"$output")" -ge 7 ]
}

@test "containers without a runtime, where runc starts none" {
	NVC_REAL_HARNESS=cell suite 02-container -f '^(all GPUs|by|utility)'
	[ "$status" -eq 0 ]
	[[ $output == *'containers by: cell'* ]]
	[ "$(grep -c '^ok ' <<<"$output")" -eq 4 ]
	[ "$(grep -c '^ok .* # skip the shim calls a runtime' <<<"$output")" -eq 1 ]
}

@test "cuda-vector says in one line which call failed" {
	local rule message
	while IFS='|' read -r rule message; do
		{ grep -v visible "$facts" && echo "$rule"; } >"$VECTOR/etc/stand-in-nvml"
		run --separate-stderr chroot "$VECTOR" cuda-vector
		# shellcheck disable=SC2154 # run sets it
		[ "$stderr" = "$message" ] || {
			echo "$rule: '$stderr'"
			return 1
		}
		if [[ $message ]]; then [ "$status" -eq 1 ] && [ -z "$output" ]; else [ "$status" -eq 0 ] && [ "${#lines[@]}" -eq 2 ]; fi
	done <<-'END'
		missing cuLaunchKernel|cuda-vector: libcuda.so.1 has no 'cuLaunchKernel'
		error cuInit 100|cuda-vector: cuInit: CUDA_ERROR_OF_THE_STAND_IN (100): error 100 of the stand-in
		error cuModuleLoadData 218|cuda-vector: cuModuleLoadData: CUDA_ERROR_INVALID_PTX (218): error 218 of the stand-in
		error cuCtxSynchronize 700|cuda-vector: cuCtxSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS (700): error 700 of the stand-in
		error cuMemcpyDtoH_v2 1|cuda-vector: cuMemcpyDtoH: CUDA_ERROR_INVALID_VALUE (1): error 1 of the stand-in
		wrong sums|cuda-vector: sum 1048575 is 524288.75, not 524287.75
		# nothing|
	END
	rm "$VECTOR/etc/stand-in-nvml"
	run chroot "$VECTOR" cuda-vector
	[ "$output" = 'cuda-vector: CUDA shows no GPU' ]
}

@test "without a driver tests/run --real-gpu ends at once, in one line, and so do the suites" {
	run env NVC_REAL_ROOT=/does/not/exist "$NVC_SOURCE_DIR/tests/run" --real-gpu
	[ "$status" -eq 1 ]
	[ "$output" = "tests/run: --real-gpu needs NVIDIA's driver, which is not loaded here: '/does/not/exist/proc/driver/nvidia/version' is not there" ]
	run env -u ENGINES_DIR NVC_REAL_ROOT=/does/not/exist bats --formatter tap "$NVC_SOURCE_DIR/tests/real/01-info.bats" 3>&-
	[ "$status" -eq 1 ]
	[[ $output == *"no NVIDIA driver is loaded: '/does/not/exist/proc/driver/nvidia/version' is not there"* ]]
	run ! grep '^ok' <<<"$output"
}
