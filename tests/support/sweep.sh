# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What tests leave behind when they are stopped half-way: processes and mounts below one folder.
#   sweep_make PREFIX   makes and prints a new folder for a run; sweeps those of runs that died
#   sweep DIR           ends the processes named by DIR's pid files, takes mounts away, removes DIR

sweep_make() {
	local old owner dir
	for old in /tmp/"$1".*; do
		[[ -d $old && ! -L $old && -O $old ]] || continue
		owner=$(cat "$old/owner" 2>/dev/null) || owner=
		if [[ $owner && ! -d /proc/$owner ]]; then sweep "$old"; fi
	done
	dir=$(mktemp -d "/tmp/$1.XXXXXX")
	echo "$$" >"$dir/owner"
	chmod 755 "$dir"
	printf '%s\n' "$dir"
}

# A pid file counts only when the process it names still has the start time noted beside it, if one
# was noted: pids come round again.
sweep_is_ours() { # PIDFILE
	local pid start
	pid=$(cat "$1" 2>/dev/null) || return 1
	[[ $pid =~ ^[0-9]+$ && -d /proc/$pid ]] || return 1
	start=$(cat "$1.start" 2>/dev/null) || return 0
	[[ $start == "$(sweep_start_time "$pid")" ]]
}

sweep_start_time() { # PID
	sed -E 's/.*\) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
}

sweep_note_pid() { # PIDFILE PID
	echo "$2" >"$1"
	sweep_start_time "$2" >"$1.start"
}

sweep_stop() { # PIDFILE [SECONDS]
	local pid i
	sweep_is_ours "$1" || return 0
	pid=$(cat "$1")
	kill "$pid" 2>/dev/null || return 0
	for ((i = 0; i < ${2:-15} * 10; i++)); do
		[[ -d /proc/$pid && $(sed -E 's/.*\) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f1) != Z ]] || return 0
		sleep 0.1
	done
	kill -9 "$pid" 2>/dev/null || true
}

sweep_mounts() { # DIR
	local target
	awk -v dir="$1/" 'index($5 "/", dir) == 1 { print $5 }' /proc/self/mountinfo | tac | while IFS= read -r target; do
		umount -l "$(printf '%b' "$target")" 2>/dev/null || true
	done
}

# Containers that outlived their engine: runc's and crun's state files below DIR name them; shims and
# helpers have DIR in their arguments.
sweep_processes() { # DIR
	local file pid start id ids=()
	while IFS= read -r file; do
		pid=$(grep -oE '"(init_process_pid|pid)" ?: ?[0-9]+' "$file" | head -n 1 | grep -oE '[0-9]+$') || continue
		# a container that has ended may have left its pid to somebody else
		start=$(grep -oE '"(init_process_start|process-start-time)" ?: ?[0-9]+' "$file" | head -n 1 | grep -oE '[0-9]+$') || continue
		if ((pid > 1)) && [[ $start == "$(sweep_start_time "$pid")" ]]; then kill -9 "$pid" 2>/dev/null || true; fi
		ids+=("$(basename "$(dirname "$file")")")
	done < <(find "$1" -xdev -type f \( -name state.json -o -name status \) 2>/dev/null)
	for file in /proc/[0-9]*/cmdline; do
		pid=${file#/proc/} pid=${pid%/cmdline}
		((pid != $$ && pid != BASHPID)) || continue
		if { tr '\0' '\n' <"$file"; } 2>/dev/null | grep -qsF -- "$1/"; then kill -9 "$pid" 2>/dev/null || true; fi
	done
	for id in "${ids[@]}"; do
		((${#id} < 32)) || find /sys/fs/cgroup -depth -type d -name "$id" -exec rmdir {} + 2>/dev/null || true
	done
}

sweep() { # DIR
	local dir=$1 file
	[[ $dir == /tmp/?* && -d $dir && ! -L $dir ]] || return 0
	while IFS= read -r file; do
		sweep_stop "$file"
	done < <(find "$dir" -xdev -name '*.pid' -type f 2>/dev/null | sort -r)
	sweep_processes "$dir"
	sweep_mounts "$dir"
	rm -rf --one-file-system "$dir"
}
