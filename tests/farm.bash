# What tests of many printers need beyond helper.bash: to be loaded after it.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # bats files and helper.bash set and use these

eval "$(declare -f teardown | sed '1s/teardown/common_teardown/')"
teardown() {
	local rc=0 pid
	[ -z "${HOLE_PID-}" ] || kill -KILL "$HOLE_PID" 2>/dev/null || :
	unmounted || rc=1
	for pid in "${PIDS[@]}"; do
		kill "$pid" 2>/dev/null || :
		wait "$pid" || rc=1
	done
	PIDS=()
	common_teardown || rc=1
	return $rc
}

PIDS=()

# grow NAME…: simulated printers; those whose name begins with "pi" are Pis.
grow() {
	local name kind
	mkdir -p "$DIR/farm"
	(umask 077 && echo "$PASSWORD" >"$DIR/farm/password")
	FILE=$DIR/farm/printers.conf
	for name; do
		kind=buddy
		[[ $name != pi* ]] || kind=pi
		mkdir "$DIR/farm/$name"
		: >"$DIR/farm/$name.log"
		"$SIMPRINTER" --personality "$kind" --port 0 \
		    --storage "$DIR/farm/$name" --password "$PASSWORD" \
		    --api-key api-key --preview off \
		    --log "$DIR/farm/$name.log" \
		    --control "$DIR/farm/$name.fifo" \
		    >"$DIR/farm/$name.ready" 2>"$DIR/$name.err" 3>&- &
		PIDS+=($!)
	done
	for name; do
		eventually grep -q READY "$DIR/farm/$name.ready"
		section "$name" "$(sed -n 's/^READY //p' \
		    "$DIR/farm/$name.ready")"
	done
}

# section NAME URL [LINE…]
section() {
	{
		printf '[%s]\nurl = %s\n' "$1" "$2"
		if [ $# -gt 2 ]; then
			printf '%s\n' "${@:3}"
		else
			echo 'password_file = password'
		fi
	} >>"$FILE"
}

url_of() {
	sed -n 's/^READY //p' "$DIR/farm/$1.ready"
}

tell() {
	"$SIMCTL" "$DIR/farm/$1.fifo" "${@:2}"
}

farm_mounted() {
	"$PRUSAFS" -f -o "cache_dir=$DIR/cache,ttl=1${1:+,$1}" "$FILE" "$M" \
	    >"$OUT" 2>&1 3>&- &
	FS_PID=$!
	eventually mounted_or_dead
	is_mounted
	for log in "$DIR"/farm/*.log; do
		: >"$log"
	done
}

# What must be refused: its words on stderr, and exit status.
refused() {
	local rc=$1
	shift
	run --separate-stderr timeout 60 "$PRUSAFS" \
	    -o "cache_dir=$DIR/cache" "$FILE" "$M"
	echo "$stderr"
	[ "$status" -eq "$rc" ]
	[ -z "$output" ]
	refute is_mounted
	local words
	for words; do
		[[ $stderr == *"$words"* ]]
	done
}

# Listens, and never answers.
hole() {
	python3 - "$1" >"$DIR/hole" 3>&- <<-'END' &
	import socket, sys, time
	holes = [socket.create_server(("127.0.0.1", 0))
	    for i in range(int(sys.argv[1]))]
	for hole in holes:
	    print("http://127.0.0.1:%d" % hole.getsockname()[1], flush=True)
	print("end", flush=True)
	time.sleep(1000)
	END
	HOLE_PID=$!
	eventually grep -q end "$DIR/hole"
	mapfile -t HOLES < <(grep http "$DIR/hole")
}

# dead COUNT: addresses in $DEAD where nobody listens, and nobody will.
dead() {
	python3 - "$1" >"$DIR/dead" 3>&- <<-'END' &
	import socket, sys, time
	kept = [socket.socket() for i in range(int(sys.argv[1]))]
	for one in kept:
	    one.bind(("127.0.0.1", 0))
	    print("http://127.0.0.1:%d" % one.getsockname()[1])
	print("end", flush=True)
	time.sleep(1000)
	END
	eventually grep -q end "$DIR/dead"
	mapfile -t DEAD < <(grep http "$DIR/dead")
}

# In one write, as echo would not.
say() {
	echo "$1" >"$DIR/lines"
	cat "$DIR/lines" >"$M/control"
}

state_is() {
	[ "$(cat "$M/$1/status/state")" = "$2" ]
}

printing() {
	local name
	model "$DIR/long.gcode" 40000
	echo '; estimated printing time (normal mode) = 10m 0s' \
	    >>"$DIR/long.gcode"
	for name; do
		cp "$DIR/long.gcode" "$M/$name"/[ul]*[bl]/
		echo print >"$M/$name/control"
		eventually state_is "$name" PRINTING
	done
}

# asked NAME TARGET: how many requests of that target.
asked() {
	jq -rs --arg target "$2" '[.[] | select(.status != 401 and
	    (.target | test($target)))] | length' "$DIR/farm/$1.log"
}
