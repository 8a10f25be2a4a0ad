#!/usr/bin/env bats
# The printer's documents: exact, fresh, shared, and honest about failures.
load helper

# A print of ten minutes that has begun.
print_something() {
	model "$DIR/long.gcode"
	echo '; estimated printing time (normal mode) = 10m 0s' \
	    >>"$DIR/long.gcode"
	cp "$DIR/long.gcode" "$S/"
	echo print >"$M/control"
	eventually cat "$M/status/progress"
}

@test "the mount has the rows of its printer and no others" {
	fresh buddy
	local pictures='cameras cameras.json snapshot.jpg snapshot.png'
	local common='control info.json job.json legacy log metrics print status status.json storage.json transfer.json unsent uploads.json'
	# shellcheck disable=SC2012
	[ "$(ls "$M" | xargs)" = "$common usb version.json" ]
	# shellcheck disable=SC2012
	[ "$(ls "$M/status" | xargs)" = 'axis_z fan_hotend fan_print file flow job_id online progress speed state target_bed target_nozzle temp_bed temp_nozzle time_left time_printing' ]
	fresh pi
	# shellcheck disable=SC2012
	[ "$(ls "$M" | sort | xargs)" = "$(echo "$common" version.json local sdcard "$pictures" | tr ' ' '\n' | sort | xargs)" ]
}

@test "legacy/ has the OctoPrint-compatible answers, without nulls" {
	local kind file
	listed() {
		echo refresh >"$M/control"
		jq -e '.files[0].children[0].display == "a.gcode"' \
		    "$M/legacy/files.json"
	}
	for kind in $(both); do
		printer "$kind"
		mounted ttl=60
		# shellcheck disable=SC2012
		[ "$(ls "$M/legacy" | xargs)" = 'files.json job.json printer.json' ]
		assert_requests 0
		on_disk a.gcode
		jq -e '.state.flags.operational and
		    .temperature.tool0.actual > 0' "$M/legacy/printer.json"
		jq -e '.state == "Operational" and (has("job") | not) or
		    .job.file == {}' "$M/legacy/job.json"
		eventually listed
		for file in printer job files; do
			jq -es 'length == 1 and ([.. | select(. == null)] |
			    length == 0)' "$M/legacy/$file.json"
			forget_requests
			cat "$M/legacy/$file.json" "$M/legacy/$file.json"
			assert_requests_at_most 1
		done
		rm "$DISK/a.gcode"
		print_something
		jq -e '.state == "Printing" and .progress.completion >= 0 and
		    .job.file.display == "long.gcode"' "$M/legacy/job.json"
	done
}

@test "listing the root and its folders asks the printer nothing" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		ls "$M" "$M/status" "$M/legacy"
		df "$M"
		assert_requests 0
	done
}

@test "status.json has one shape on both kinds of printer" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		print_something
		jq -e '(.printer.state | type) == "string" and
		    (.printer.temp_nozzle | type) == "number" and
		    (.printer.target_bed | type) == "number" and
		    (.job.id | type) == "number" and
		    .job.progress >= 0 and .job.progress <= 100 and
		    (.job.time_printing | type) == "number" and
		    (.storage | type) == "object" and
		    (.storage.read_only | type) == "boolean" and
		    (has("ro") | not)' "$M/status.json"
		jq -e '(.storage_list | type) == "array"' "$M/storage.json"
		jq -e '(.file.path == "/'"$STORAGE"'" or
		    .file.path == "'"$STORAGE"'") and
		    .file.display_name == "long.gcode" and
		    (.file.size | type) == "number"' "$M/job.json"
		jq -e .serial "$M/info.json"
		jq -e .api "$M/version.json"
	done
}

@test "transfer.json tells numbers and percent while an upload runs" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		assert_fails_with 'No data available' cat "$M/transfer.json"
		ctl rate 100000
		model "$DIR/slow.gcode" 4000000
		cp "$DIR/slow.gcode" "$S/" 3>&- &
		local writer=$!
		# In hundredths, on a Buddy.
		eventually jq -e '.progress > 0' "$M/transfer.json"
		jq -e '(.size | type) == "number" and .transferred > 0 and
		    .progress <= 100 and (.transferred | type) == "number"' \
		    "$M/transfer.json"
		jq -e '(.transfer.data_transferred | type) == "number" and
		    .transfer.progress <= 100' "$M/status.json"
		ctl rate 0
		wait "$writer"
	done
}

@test "a file in status/ is one value and a line end" {
	local kind file
	for kind in $(both); do
		fresh "$kind"
		print_something
		[ "$(cat "$M/status/state")" = PRINTING ]
		[ "$(cat "$M/status/file")" = long.gcode ]
		for file in progress time_left time_printing job_id \
		    temp_nozzle target_nozzle temp_bed target_bed axis_z \
		    speed flow fan_hotend fan_print online; do
			[[ $(cat "$M/status/$file") =~ ^-?[0-9]+(\.[0-9]+)?$ ]]
			[ "$(wc -l <"$M/status/$file")" -eq 1 ]
		done
		[ "$(cat "$M/status/target_nozzle")" = \
		    "$(status_of .printer.target_nozzle)" ]
	done
}

@test "what there is not while idle is ENODATA to open, and stat works" {
	local kind file
	for kind in $(both); do
		fresh "$kind"
		for file in job.json status/progress status/job_id \
		    status/file status/time_left transfer.json; do
			assert_fails_with 'No data available' cat "$M/$file"
			[ "$(stat -c %s "$M/$file")" -eq 0 ]
		done
	done
}

@test "300 copies of a document that always changes are whole and valid" {
	local kind
	for kind in $(both); do
		printer "$kind"
		mounted ttl=0.02
		ctl tick-status on
		mkdir "$DIR/copies-$kind"
		run "$TOOLS/copies" "$M/status.json" "$DIR/copies-$kind" 60
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output =~ ^300\ of\ 300,\ ([0-9]+)\ different ]]
		[ "${BASH_REMATCH[1]}" -ge 20 ]
	done
}

@test "an open handle keeps nobody from seeing newer content" {
	local kind old
	for kind in $(both); do
		printer "$kind"
		mounted ttl=0.1
		ctl tick-status on
		exec 7<"$M/status.json"
		old=$(cat "$M/status.json")
		changed() {
			[ "$(cat "$M/status.json")" != "$old" ]
		}
		eventually changed
		jq . <&7 >/dev/null
		exec 7<&-
	done
}

@test "the size announced is the size delivered" {
	local file
	printer buddy
	mounted ttl=0.02
	ctl tick-status on
	for file in status.json storage.json info.json status/state control; do
		python3 - "$M/$file" <<-'END'
		import os, sys
		for _ in range(50):
		    fd = os.open(sys.argv[1], os.O_RDONLY)
		    size = os.fstat(fd).st_size
		    data = os.read(fd, 1 << 20)
		    assert len(data) == size, (len(data), size)
		    assert os.read(fd, 10) == b""
		    os.close(fd)
		END
	done
}

@test "50 readers for 5 s share at most 6 requests and are up to date" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		print_something
		forget_requests
		local before=$SECONDS
		run "$TOOLS/readers" "$M/status.json" 50 5
		[ "$status" -eq 0 ]
		# In this order what passes in between makes no difference.
		local seen real
		real=$(ask /api/v1/status | jq .job.time_printing)
		seen=$(status_of .job.time_printing)
		echo "# seen $seen, real $real"
		[ $((real - seen)) -le 2 ]
		# Six in five seconds, one for ours, perhaps one for seen.
		assert_requests_at_most $((SECONDS - before + 3)) . \
		    /api/v1/status
		[ "$(jq -rs '[.[] | select(.target == "/api/v1/status")] |
		    .[0].time as $start |
		    [.[] | select(.time < $start + 5)] | length' \
		    "$DIR/requests")" -le 6 ]
	done
}

@test "readers at the same time share one request" {
	local kind i
	for kind in $(both); do
		printer "$kind"
		# The last one may start when the answer is there already.
		mounted ttl=60
		ctl latency 300
		local pids=()
		for i in $(seq 20); do
			cat "$M/storage.json" >/dev/null 3>&- &
			pids+=($!)
		done
		wait "${pids[@]}"
		assert_requests 1 . storage
		ctl latency 0
	done
}

@test "long-lived documents are asked for once" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		cat "$M/info.json" "$M/version.json" >/dev/null
		forget_requests
		sleep 1.2 # longer than the ttl of the live ones
		cat "$M/info.json" "$M/version.json" >/dev/null
		assert_requests 0
	done
}

@test "answers that are not JSON, too deep or too long are EPROTO" {
	local kind order
	for kind in $(both); do
		for order in 'garbage 1' 'hostile deep 1' 'hostile huge 1'; do
			fresh "$kind"
			# shellcheck disable=SC2086
			ctl $order
			assert_fails_with 'Protocol error' cat "$M/status.json"
			echo refresh >"$M/control"
			eventually jq -e .printer.state "$M/status.json"
			is_sanitized || [ "$(peak_kib)" -lt 24576 ]
		done
	done
}

@test "a hostile listing is EPROTO too" {
	local kind order
	for kind in $(both); do
		for order in 'garbage 1' 'hostile deep 1' 'hostile huge 1'; do
			fresh "$kind"
			# shellcheck disable=SC2086
			ctl $order
			assert_fails_with 'Protocol error' ls "$S"
			echo refresh >"$M/control"
			eventually ls "$S"
			is_sanitized || [ "$(peak_kib)" -lt 24576 ]
		done
	done
}

@test "the printer's refusals become the errno of the call" {
	local kind case
	for kind in $(both); do
		for case in '403 Permission denied' '404 No such file' \
		    '405 Operation not supported' \
		    '408 Connection timed out' '429 Device or resource busy' \
		    '503 Device or resource busy' \
		    '500 Remote I/O error' '502 Remote I/O error' \
		    '504 Connection timed out'; do
			fresh "$kind"
			ctl fail GET /api/v1/storage "${case%% *}" 3
			assert_fails_with "${case#* }" cat "$M/storage.json"
		done
	done
}

@test "a printer that is away is EHOSTDOWN, and back without a remount" {
	local kind file
	for kind in $(both); do
		fresh "$kind"
		on_disk a.gcode
		cat "$M/version.json" "$M/info.json" >/dev/null
		ls "$S"
		printer_dies
		sleep 1.2 # past the ttl
		assert_fails_with 'Host is down' cat "$M/status.json"
		for file in job.json transfer.json status/state; do
			assert_fails_with 'Host is down' cat "$M/$file"
		done
		[ "$(cat "$M/status/online")" = 0 ]
		cat "$M/version.json" "$M/info.json" >/dev/null
		[ "$(ls "$S")" = a.gcode ]
		printer_again
		within 20 cat "$M/status.json"
		[ "$(cat "$M/status/online")" = 1 ]
	done
}

@test "a silent printer blocks nobody for longer than its time limit" {
	printer buddy
	mounted answer_timeout=1
	cat "$M/version.json" >/dev/null
	ctl freeze 100
	local before=$SECONDS
	assert_fails_with 'timed out' cat "$M/status.json"
	# Without the option it is thirty.
	[ $((SECONDS - before)) -le 20 ]
	ctl freeze 0
	within 20 cat "$M/status.json"
	unmounted
	mounted answer_timeout=1000
	cat "$M/version.json" >/dev/null
	ctl freeze 1000
	cat "$M/status.json" >/dev/null 2>&1 3>&- &
	local reader=$!
	eventually grep -q request_wait "/proc/$reader/wchan"
	# Nor does who looks for other names in the same directory.
	timeout 20 cat "$M/version.json" "$M/control" "$M/log" >/dev/null
	timeout 20 ls -l "$M/unsent" "$M/print" >/dev/null
	refute is_gone "$reader"
	ctl freeze 0
	wait "$reader"
}

@test "a reader that is killed leaves at once" {
	printer buddy
	mounted
	ctl freeze 100
	cat "$M/status.json" 3>&- &
	local reader=$!
	eventually grep -q request_wait "/proc/$reader/wchan"
	# Also who looks for another name in the same directory.
	cat "$M/storage.json" 3>&- &
	local other=$!
	eventually grep -q request_wait "/proc/$other/wchan"
	kill "$other"
	within 2 is_gone "$other"
	refute is_gone "$reader"
	kill "$reader"
	within 2 is_gone "$reader"
	ctl freeze 0
}

@test "documents cannot be written, removed or renamed" {
	fresh buddy
	local command
	for command in "echo x >$M/status.json" "rm -f $M/status.json" \
	    "mv $M/status.json $M/x.json" "mkdir $M/folder" \
	    "touch $M/new.gcode" "rmdir $M/status" "ln -s a $M/link" \
	    "truncate -s 0 $M/info.json"; do
		refute sh -c "$command" 2>/dev/null
	done
	jq -e . "$M/status.json"
}

@test "the log tells the requests and holds no secret" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		cat "$M/status.json" >/dev/null
		grep -q 'GET /api/v1/status 200' "$M/log"
		refute grep -qi 'digest\|authorization' "$M/log"
	done
}

@test "extended attributes and links are refused politely" {
	fresh buddy
	on_disk a.gcode
	assert_fails_with 'not supported' python3 -c \
	    'import os, sys; os.setxattr(sys.argv[1], "user.a", b"b")' \
	    "$S/a.gcode"
	assert_fails_with 'not permitted' ln "$S/a.gcode" "$S/b.gcode"
	assert_fails_with 'not permitted' ln -s a.gcode "$S/b.gcode"
	assert_fails_with 'not permitted' mkfifo "$S/b.gcode"
}
