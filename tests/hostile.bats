#!/usr/bin/env bats
# A server that lies: bounded memory, bounded time, an honest errno, and never
# a request to somewhere else.
load helper

# fooled buddy|pi [OPTIONS]: a mount of the lying server.
fooled() {
	finish_all
	echo "# a liar: $1"
	STORAGE=usb
	[ "$1" = buddy ] || STORAGE=local
	S=$M/$STORAGE
	rm -rf "$DIR/cache" "$DIR/ports"
	: >"$DIR/lie"
	: >"$DIR/requests"
	(umask 077 && echo "$PASSWORD" >"$DIR/password")
	"$TOOLS/liar" "$1" "$DIR/ports" "$DIR/lie" "$DIR/told" \
	    2>"$DIR/liar.err" 3>&- &
	SIM_PID=$!
	eventually test -s "$DIR/ports"
	URL=http://127.0.0.1:$(cut -d' ' -f1 "$DIR/ports")
	mounted "answer_timeout=5,stall_timeout=5${2:+,$2}"
}

# lies NAME: from now on; what was remembered is forgotten.
lies() {
	echo "$1" >"$DIR/lie"
	echo "# the lie: $1"
	echo refresh >"$M/control"
}

# The daemon lives, small, and believes the truth when it is told again.
stands() {
	is_sanitized || [ "$(peak_kib)" -lt "${1:-24576}" ]
	lies ''
	eventually jq -e '.printer.state == "IDLE"' "$M/status.json"
	refute grep -q elsewhere "$DIR/told"
}

fails_with_one_of() {
	local texts=$1
	shift
	run timeout 20 "$@"
	if [ "$status" -eq 0 ] || [ "$status" -eq 124 ]; then
		echo "# must fail: $* ($status)" >&2
		return 1
	fi
	[[ $output =~ $texts ]] || {
		echo "# \"$texts\" does not match: $output" >&2
		return 1
	}
}

@test "answers that never end, overflow or are cut are errors" {
	local kind lie
	for kind in $(both); do
		fooled "$kind"
		for lie in 'endless headers' 'endless header' 'endless body' \
		    'endless continue' 'chunk overflow' 'chunk nonsense' \
		    'length negative' short 'status nonsense' 'no http' \
		    nothing; do
			lies "$lie"
			fails_with_one_of 'Protocol error|Input/output error' \
			    cat "$M/status.json"
			fails_with_one_of 'Protocol error|Input/output error' \
			    ls "$S"
			stands
		done
	done
}

@test "a length that no number holds ends with the connection" {
	local kind
	for kind in $(both); do
		fooled "$kind"
		lies 'length overflow'
		[ "$(cat "$M/status.json")" = '{}' ]
		stands
	done
}

@test "a connection that dies after the login challenge is no refusal" {
	local kind
	for kind in $(both); do
		fooled "$kind"
		lies nothing
		assert_fails_with 'Input/output error' cat "$M/status.json"
		stands
	done
}

@test "a redirect is not followed" {
	local kind
	for kind in $(both); do
		fooled "$kind"
		lies redirect
		fails_with_one_of 'Protocol error' cat "$M/status.json"
		fails_with_one_of 'Protocol error' ls "$S"
		fails_with_one_of 'Protocol error' \
		    bash -c 'echo pause >"$0/control"' "$M"
		stands
	done
}

@test "login challenges without measure are errors" {
	local kind lie
	for kind in $(both); do
		for lie in 'big nonce' 'odd nonce'; do
			fooled "$kind"
			lies "$lie"
			fails_with_one_of \
			    'Protocol error|Permission denied|Input/output' \
			    cat "$M/status.json"
			stands
		done
	done
}

@test "first contact with a liar fails with a line and a status" {
	local lie
	for lie in redirect 'endless headers' 'endless header' 'endless body' \
	    'big nonce' 'chunk overflow' 'no http' nothing short; do
		fooled buddy
		unmounted
		echo "$lie" >"$DIR/lie"
		echo "# the lie: $lie"
		run timeout 20 "$PRUSAFS" -o "password_file=$DIR/password" \
		    "$URL" "$M"
		[[ $status =~ ^[235]$ ]]
		[ "${#lines[@]}" -eq 1 ]
		refute is_mounted
		refute grep -q elsewhere "$DIR/told"
	done
}

@test "no hostile name reaches a program" {
	local kind wanted
	for kind in $(both); do
		fooled "$kind"
		lies names
		run ls -U "$S"
		[ "$status" -eq 0 ]
		wanted=(%s%n.gcode good.gcode)
		# A FAT's short name stands for what cannot be shown.
		[ "$kind" = pi ] ||
		    wanted+=(%7F.gcode %9B.gcode bell%07.gcode line%0Afeed.gcode)
		diff <(printf '%s\n' "${wanted[@]}" | sort) \
		    <(printf '%s\n' "${lines[@]}" | sort)
		stat "$S/%s%n.gcode"
		# A name that is none costs its entry alone.
		local lie
		for lie in nul surrogate; do
			lies "$lie"
			run ls -U "$S"
			[ "$status" -eq 0 ]
			[ -z "$output" ] || [ "$output" = good.gcode ]
		done
		lies 'no list'
		fails_with_one_of 'Protocol error' ls "$S"
		stands
	done
}

@test "ten thousand children are all there, doubles once" {
	local kind
	for kind in $(both); do
		fooled "$kind"
		lies many
		[ "$(ls -U "$S" | wc -l)" -eq 10000 ]
		[ "$(ls -U "$S" | sort -u | wc -l)" -eq 10000 ]
		stat "$S/file9999.gcode"
		lies doubles
		[ "$(ls "$S")" = same.gcode ]
		stands 49152
	done
}

@test "a folder that contains itself has an end" {
	local kind
	for kind in $(both); do
		fooled "$kind"
		lies loop
		run timeout 60 find "$S"
		[ "$status" -ne 124 ]
		[[ $output == *'File name too long'* ]]
		stands
	done
}

@test "sizes that are none are never told" {
	fooled pi
	lies sizes
	local name
	for name in minus huge text; do
		[ "$(stat -c %s "$S/$name.gcode")" -eq 100 ]
	done
	stands
}

@test "contents come from the printer alone" {
	local kind
	for kind in $(both); do
		fooled "$kind"
		lies elsewhere
		[ "$(wc -c <"$S/a.gcode")" -eq 100 ]
		stands
	done
}

@test "contents of another length than announced are an error" {
	local kind lie
	for kind in $(both); do
		for lie in 'short bytes' 'fewer bytes' 'more bytes' \
		    'endless bytes' 'huge bytes'; do
			fooled "$kind"
			lies "$lie"
			fails_with_one_of 'Input/output error' \
			    cat "$S/a.gcode"
			refute grep -q . <(du -a -t 1M "$DIR/cache")
			stands
		done
		lies 'more than told'
		[ "$(wc -c <"$S/a.gcode")" -eq 100 ]
		stands
	done
}

# not_believed LIE OPTIONS: an upload that was taken, and is not what was sent.
not_believed() {
	local kind
	for kind in $(both); do
		fooled "$kind" "$2"
		head -c 100 /dev/zero | tr '\0' 'G' >"$DIR/a.gcode"
		lies "$1"
		rm -f "$DIR/told"
		assert_fails_with 'Input/output error' \
		    cp "$DIR/a.gcode" "$S/a.gcode"
		grep -q '^DELETE ' "$DIR/told"
		lies ''
		cmp "$DIR/a.gcode" "$M/unsent/a.gcode"
		rm "$M/unsent/a.gcode"
		stands
	done
}

@test "what the printer has stored is compared by size and by name" {
	not_believed 'other size' verify=size
	not_believed 'other name' verify=size
}

@test "verify=full compares every byte, and a file that differs goes" {
	not_believed 'other bytes' verify=full
}

@test "verify=none believes the printer" {
	fooled buddy verify=none
	head -c 100 /dev/zero >"$DIR/a.gcode"
	lies 'other size'
	cp "$DIR/a.gcode" "$S/a.gcode"
	stands
}
