# Answers that are not what they should be: what servers really send where the
# JSON is broken, not UTF-8, or about something else.
load helper

# answers TARGET: from now on its body is what comes in, with \xHH for bytes.
answers() {
	printf '%b' "$(cat)" >"$DIR/body${1//\//_}"
	ctl fail GET "$1" 200 1000000 "$DIR/body${1//\//_}"
}

state_is() {
	[ "$(cat "$P/status/state")" = "$1" ]
}

print_one() {
	model "$DIR/long.gcode" 20000
	cp "$DIR/long.gcode" "$S/long.gcode"
	echo "print $STORAGE/long.gcode" >"$M/control"
	eventually state_is PRINTING
}

is_json() {
	iconv -f UTF-8 -t UTF-8 "$1" >/dev/null && jq -e . "$1" >/dev/null
}

# As firmware 5.0 to 6.1 sends it when the printed file cannot be looked at.
@test "a print is paused and stopped although the job has a comma too many" {
	fresh buddy
	print_one
	answers /api/v1/job <<-END
	{"id":$(jq .job.id "$M/status.json"),"state":"PRINTING","progress":1.00,
	"time_remaining":520,"time_printing":5,"file":{"name":"A.GCO",
	"display_name":"long.gcode","path":"/usb",}}
	END
	echo refresh >"$M/control"
	[ "$(jq -r .file.display_name "$M/job.json")" = long.gcode ]
	echo pause >"$M/control"
	eventually state_is PAUSED
	echo stop >"$M/control"
	eventually state_is STOPPED
}

@test "a print is paused and stopped although the job cannot be read at all" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		print_one
		answers /api/v1/job <<<'{"id":7,"file":<what?>}'
		echo refresh >"$M/control"
		assert_fails_with 'Protocol error' cat "$M/job.json"
		# Why, and where.
		grep -q 'GET /api/v1/job: .*value is expected (byte 15 of 23' \
		    "$M/log"
		echo pause >"$M/control"
		eventually state_is PAUSED
		echo stop >"$M/control"
		eventually state_is STOPPED
	done
}

@test "a print is stopped although the status lacks the job" {
	fresh buddy
	print_one
	answers /api/v1/status <<<'{"printer":{"state":"PRINTING"}}'
	echo refresh >"$M/control"
	echo stop >"$M/control"
	assert_requests 1 DELETE /api/v1/job/
}

@test "a value that cannot be read costs that value alone" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		answers /api/v1/status <<-'END'
		{"printer":{"state":"IDLE","temp_nozzle":NaN,"temp_bed":23.5,
		"speed":+95,"flow":,"axis_z":-inf,},"odd":tru,}
		\0trailing
		END
		state_is IDLE
		[ "$(cat "$M/status/temp_bed")" = 23.5 ]
		[ "$(cat "$M/status/speed")" = 95 ]
		assert_fails_with 'No data' cat "$M/status/temp_nozzle"
		assert_fails_with 'No data' cat "$M/status/flow"
		is_json "$M/status.json"
		[ "$(jq -c '.printer | keys' "$M/status.json")" = \
		    '["speed","state","temp_bed"]' ]
	done
}

@test "bytes that are no UTF-8 do not get into any document" {
	local kind file
	for kind in $(both); do
		fresh "$kind"
		answers /api/v1/info <<-'END'
		{"hostname":"M\xfcnster","serial":"\x81"}
		END
		answers /api/v1/status <<-'END'
		{"printer":{"state":"IDL\xc9"},"x\xe9y":"\xed\xa0\x80"}
		END
		echo refresh >"$M/control"
		[ "$(jq -r .hostname "$M/info.json")" = M�nster ]
		for file in info.json status.json uploads.json; do
			is_json "$M/$file"
		done
		iconv -f UTF-8 -t UTF-8 "$M/metrics" >/dev/null
		iconv -f UTF-8 -t UTF-8 "$M/status/state" >/dev/null
	done
}

@test "the log, the uploads and the events are UTF-8, too" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		exec 7<"$M/events"
		assert_fails_with 'Invalid argument' \
		    cp "$DIR/model.gcode" "$S/"$'b\xfcgel.gcode'
		ctl fail PUT / 507 1 $'Tr\xe4ger voll'
		refute cp "$DIR/model.gcode" "$S/good.gcode" 2>/dev/null
		is_json "$M/uploads.json"
		iconv -f UTF-8 -t UTF-8 "$M/log" >/dev/null
		cp "$DIR/model.gcode" "$S/good.gcode"
		timeout 20 head -n 1 <&7 >"$DIR/event"
		is_json "$DIR/event"
		exec 7<&-
	done
}

@test "an entry that cannot be read does not cost its folder" {
	fresh buddy
	on_disk good.gcode
	answers /api/v1/files/usb <<-'END'
	{"type":"FOLDER","ro":false,"name":"usb","children":[
	{"name":"A~1.GCO","display_name":"good.gcode","ro":false,
	"type":"PRINT_FILE","m_timestamp":1700000000,},
	{"name":"B.GCO","display_name":"b\\ud83d.gcode","ro":false,
	"type":"PRINT_FILE","m_timestamp":NaN},]}
	END
	[ "$(find "$S" -name good.gcode | wc -l)" -eq 1 ]
}

# --- an account ---

# explained TARGET: why it was not understood, and nothing of it.
explained() {
	grep -q "GET $1.*: the answer is not understood: .* (byte [0-9]* of" \
	    "$M/log"
	refute grep -q s3cr3t "$M/log"
}

@test "what an account's server answers is explained, and not quoted" {
	fresh obico
	ls "$S" "$P" >/dev/null
	answers /api/v1/g_code_files/ <<<'{"count":1,"results":[<s3cr3t>]}'
	echo refresh >"$M/control"
	assert_fails_with 'Protocol error' ls "$S"
	explained /api/v1/g_code_files/
	answers /api/v1/printers/ <<<'[{"id":1,"auth_token":<s3cr3t>'
	assert_fails_with 'Protocol error' tee "$M/control" <<<refresh
	explained /api/v1/printers/
}
