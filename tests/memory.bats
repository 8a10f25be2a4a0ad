#!/usr/bin/env bats
# The daemon's memory does not grow with the file.
load helper

@test "2 GiB go up and come down below 24 MiB of memory" {
	! is_sanitized || skip 'a sanitizer has memory of its own'
	[ "$(df --output=avail -k "$BATS_TMPDIR" | tail -n 1)" -gt 9000000 ] ||
	    skip 'less than 9 GB of disk'
	local kind
	for kind in $(both); do
		fresh "$kind"
		truncate -s 2147483648 "$DIR/big.gcode"
		printf 'G28\n' | dd of="$DIR/big.gcode" conv=notrunc
		printf 'M84\n' | dd of="$DIR/big.gcode" conv=notrunc \
		    bs=1 seek=2147483000
		cp "$DIR/big.gcode" "$S/"
		echo "# up: $(peak_kib) KiB"
		[ "$(peak_kib)" -lt 24576 ]
		assert_one_put
		[ "$(stat -c %s "$DISK/big.gcode")" -eq 2147483648 ]
		echo refresh >"$M/control"
		cmp "$DIR/big.gcode" "$S/big.gcode"
		echo "# down: $(peak_kib) KiB"
		[ "$(peak_kib)" -lt 24576 ]
		has_requests 1 '^GET$' '^(/usb/|/api/files/.*/raw)'
		echo "# $kind: peak $(peak_kib) KiB" >&3
		unmounted
		rm -f "$DIR/big.gcode" "$DISK/big.gcode"
	done
}

@test "a hundred waiting writers cost little memory" {
	! is_sanitized || skip 'a sanitizer has memory of its own'
	local kind i
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 200000
		ctl rate 50000
		local pids=()
		for i in $(seq 100); do
			cp "$DIR/model.gcode" "$S/$i.gcode" 3>&- &
			pids+=($!)
		done
		eventually jq -e '.transferred > 0' "$M/transfer.json"
		echo "# $(peak_kib) KiB"
		[ "$(peak_kib)" -lt 32768 ]
		ctl rate 0
		for i in "${pids[@]}"; do
			wait "$i"
		done
		[ "$(ls "$S" | wc -l)" -eq 100 ]
	done
}
