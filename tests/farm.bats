#!/usr/bin/env bats
# Many printers in one mount, from a printers file.
load helper
load farm.bash

@test "a printers file gives a directory for each printer" {
	grow mk4 mini pi3
	farm_mounted
	[ "$(ls "$M" | xargs)" = 'control log metrics mini mk4 pi3 status.json' ]
	[ -d "$M/mk4/usb" ]
	[ -d "$M/pi3/local" ]
	[ ! -e "$M/mk4/local" ]
	[ ! -e "$M/nothing" ]
	model "$DIR/model.gcode"
	cp "$DIR/model.gcode" "$M/mini/usb/"
	cmp "$DIR/model.gcode" "$DIR/farm/mini/model.gcode"
	[ ! -e "$M/mk4/usb/model.gcode" ]
	cmp "$DIR/model.gcode" "$M/mini/usb/model.gcode"
	[ "$(cat "$M/pi3/status/state")" = IDLE ]
}

@test "a printers file may be relative, and is a source of mount too" {
	local daemon
	grow mk4
	cp "$FILE" "$DIR/farm/other.conf"
	cd "$DIR/farm"
	"$PRUSAFS" -o "cache_dir=$DIR/cache" other.conf "$M" 3>&-
	eventually is_mounted
	grep -q "$DIR/farm/other.conf $M " /proc/mounts
	[ "$(cat "$M/mk4/status/state")" = IDLE ]
	daemon=$(pgrep -f -- "other.conf $M\$")
	fusermount3 -u "$M"
	eventually is_gone "$daemon"
}

@test "what is wrong in a printers file is told with its line" {
	grow mk4
	cp "$FILE" "$DIR/good"
	local long
	long=$(printf '%01000d' 7)
	while IFS='|' read -r line words text; do
		cp "$DIR/good" "$FILE"
		# shellcheck disable=SC2059
		printf "$text" >>"$FILE"
		refused 1 "printers.conf:$line: " "$words"
	done <<-END
	4|neither|[mini]\nurl = http://127.0.0.1:1\n
	4|no url|[mini]\npassword_file = password\n
	6|no such key|[mini]\nurl = http://127.0.0.1:1\npasword_file = password\n
	6|file of its own|[mini]\nurl = http://127.0.0.1:1\npassword = x\n
	6|twice|[mini]\nurl = http://127.0.0.1:1\nurl = http://127.0.0.1:2\n
	5|needs a value|[mini]\nurl =\npassword_file = password\n
	6|no value|[mini]\nurl = http://a\nttl = soon\n
	4|taken|[mk4]\nurl = http://127.0.0.1:1\npassword_file = password\n
	4|same url as [mk4] in line 1|[mini]\nurl = $(url_of mk4)\npassword_file = password\n
	4|needs a name|[]\nurl = http://127.0.0.1:1\npassword_file = password\n
	4|no directory|[a/b]\nurl = http://127.0.0.1:1\npassword_file = password\n
	4|no directory|[..]\nurl = http://127.0.0.1:1\npassword_file = password\n
	4|no directory|[a\001b]\nurl = http://127.0.0.1:1\npassword_file = password\n
	4|longer|[$long]\nurl = http://127.0.0.1:1\npassword_file = password\n
	4|beside|[status.json]\nurl = http://127.0.0.1:1\npassword_file = password\n
	4|word of|[all]\nurl = http://127.0.0.1:1\npassword_file = password\n
	4|word of|[pause]\nurl = http://127.0.0.1:1\npassword_file = password\n
	4|No such file|[mini]\nurl = http://127.0.0.1:1\npassword_file = nothing\n
	4|not a file|[mini]\nurl = http://127.0.0.1:1\npassword_file = .\n
	4|only http|[mini]\nurl = ftp://127.0.0.1:1\npassword_file = password\n
	4|neither|mini\n
	4|[NAME]|[mini\n
	4|NUL|a\000b\n
	7|No such file|[mini]\nurl = http://127.0.0.1:1\npassword_file = password\nca_file = nothing\n
	END
	echo 'url = http://a' >"$FILE"
	refused 1 'printers.conf:1: ' 'no section'
	: >"$FILE"
	refused 1 'no printer in it'
	cp "$DIR/good" "$FILE"
	chmod 640 "$DIR/farm/password"
	refused 1 'printers.conf:1: ' 'chmod 600'
	rm "$FILE"
	refused 1 'No such file'
	mkdir "$FILE"
	refused 1 'not a file'
}

@test "everything that is wrong is told at once" {
	grow mk4
	printf '[mini]\nurl = http://a\n[a/b]\nurl = http://b\nwhat\n' >>"$FILE"
	refused 1 'printers.conf:4: ' 'printers.conf:6: ' 'printers.conf:8: '
}

@test "a section says what holds for its printer" {
	grow mk4
	(umask 077 && echo "$PASSWORD" >"$DIR/farm/key")
	{
		printf '\357\273\277# printers\r\n  [mk4] ; the first\r\n'
		printf '  url : %s/ ; at home\r\n' "$(url_of mk4)"
		printf '\tapi_key_file=key\r\n\r\n; ttl\r\nttl = 60'
	} >"$FILE"
	farm_mounted "password_file=$DIR/farm/nothing"
	cat "$M/mk4/status.json" >/dev/null
	[ "$(jq -rs '[.[] | select(.status == 401)] | length' \
	    "$DIR/farm/mk4.log")" -eq 0 ]
	tell mk4 tick-status
	local before
	before=$(cat "$M/mk4/status.json")
	[ "$(cat "$M/mk4/status.json")" = "$before" ]
}

@test "a wrong password or no PrusaLink keeps nobody else away" {
	grow mk4 mini
	(umask 077 && echo wrong >"$DIR/farm/wrong")
	sed -i '/mini/,$s/= password/= wrong/' "$FILE"
	python3 -u -m http.server --bind 127.0.0.1 0 \
	    --directory "$DIR/farm/mk4" >"$DIR/web" 2>/dev/null 3>&- &
	HOLE_PID=$!
	eventually grep -q ' port ' "$DIR/web"
	local port
	port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$DIR/web")
	section web "http://127.0.0.1:$port"
	farm_mounted
	grep -q 'mini: .*login refused' "$OUT"
	grep -q 'web: .*not a PrusaLink' "$OUT"
	[ "$(cat "$M/mk4/status/state")" = IDLE ]
	assert_fails_with 'Permission denied' cat "$M/mini/status.json"
	[ "$(jq -r '.mini.online, .mini.error, .web.online, .mk4.online' \
	    "$M/status.json" | xargs)" = 'false Permission denied false true' ]
	unmounted
	: >"$FILE"
	section mini "$(url_of mini)" 'password_file = wrong'
	section web "http://127.0.0.1:$port"
	refused 3 'login refused' 'not a PrusaLink'
	: >"$FILE"
	section web "http://127.0.0.1:$port"
	refused 5 'not a PrusaLink'
}

@test "status.json tells of all printers, whether they answer or not" {
	grow mk4 pi3 'the "old" one'
	dead 1
	section gone "${DEAD[0]}"
	farm_mounted
	[ "$(jq -c '[keys_unsorted, map(.online)]' "$M/status.json")" = \
	    '[["mk4","pi3","the \"old\" one","gone"],[true,true,true,false]]' ]
	[ "$(jq -r '.pi3.printer.state, .gone.error' "$M/status.json" |
	    xargs)" = 'IDLE Host is down' ]
	[ "$(stat -c %s "$M/status.json")" -eq "$(wc -c <"$M/status.json")" ]
	printing mk4
	eventually jq -e '.mk4.printer.state == "PRINTING" and
	    .mk4.job.progress > 0 and .pi3.printer.state == "IDLE"' \
	    "$M/status.json"
}

@test "readers of status.json share one request to each printer" {
	grow mk4 mini
	farm_mounted ttl=1000
	local i pids=()
	for i in 1 2 3 4 5 6; do
		cat "$M/status.json" >"$DIR/out.$i" 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	cat "$M/status.json" "$M/mk4/status.json" >/dev/null
	for i in 1 2 3 4 5 6; do
		jq -e 'all(.[]; .online)' "$DIR/out.$i"
	done
	[ "$(asked mk4 status)" -eq 1 ]
	[ "$(asked mini status)" -eq 1 ]
}

@test "a command at the root shows in the next status.json" {
	grow mk4 mini
	farm_mounted ttl=1000
	printing mk4 mini
	cat "$M/status.json" >/dev/null
	local mk4 mini
	mk4=$(asked mk4 status)
	mini=$(asked mini status)
	cat "$M/status.json" >/dev/null
	[ "$(asked mk4 status)" -eq "$mk4" ]
	say 'all stop'
	cat "$M/status.json" >/dev/null
	[ "$(asked mk4 status)" -gt "$mk4" ]
	[ "$(asked mini status)" -gt "$mini" ]
}

@test "control at the root commands one printer, several, or all" {
	grow mk4 mini pi3
	farm_mounted
	printing mk4 mini pi3
	say 'mk4 pause'
	eventually state_is mk4 PAUSED
	state_is mini PRINTING
	say "$(printf '# a comment\n\n  mini pi3 \t pause\r\n')"
	eventually state_is mini PAUSED
	eventually state_is pi3 PAUSED
	say 'all stop'
	# A Raspberry Pi leaves that state by itself.
	eventually state_is pi3 STOPPED
	eventually state_is mk4 STOPPED
	eventually state_is mini STOPPED
	grep -q 'mini: control: pause: done' "$M/log"
	grep -q 'pi3: control: stop: done' "$M/log"
}

@test "each printer runs its own lines in their order" {
	grow mk4 mini
	farm_mounted
	model "$DIR/a.gcode"
	cp "$DIR/a.gcode" "$M/mk4/usb/a b.gcode"
	cp "$DIR/a.gcode" "$M/mini/usb/"
	say "$(printf 'mk4 print usb/a b.gcode\nmini print %s\nall stop\n' \
	    "$M/mini/usb/a.gcode")"
	[ "$(cat "$M/mk4/status/file" 2>/dev/null)" != a.gcode ]
	eventually state_is mk4 STOPPED
	eventually state_is mini STOPPED
	# As seen from the root of all.
	tell mk4 idle
	eventually state_is mk4 IDLE
	say 'mk4 print mk4/usb/a b.gcode'
	eventually state_is mk4 PRINTING
	assert_fails_with 'No such file' say 'mini print mk4/usb/a b.gcode'
	assert_fails_with 'No such file' \
	    say "mini print $M/mk4/usb/a b.gcode"
}

@test "what fails at one printer is done at the others" {
	grow mk4 mini
	dead 1
	section gone "${DEAD[0]}"
	farm_mounted
	printing mk4
	assert_fails_with 'No such process' say 'mini pause'
	assert_fails_with 'Host is down' say 'gone pause'
	assert_fails_with 'Input/output error' say 'all pause'
	eventually state_is mk4 PAUSED
	grep -q 'mini: control: line 1: pause: No such process' "$M/log"
	grep -q 'gone: control: line 1: pause: Host is down' "$M/log"
	grep -q 'mk4: control: pause: done' "$M/log"
	# One printer, however often it is named.
	assert_fails_with 'No such process' say 'mini mini stop'
}

@test "a line that is not understood runs none" {
	grow mk4 mini
	farm_mounted
	printing mk4
	local text
	for text in 'pause' 'mk5 pause' 'mk4 paus' 'all' 'mk4' 'mk4 mini' \
	    'mk4,mini pause' 'mk4 pause now' 'pause mk4' 'mini mk5 pause'; do
		assert_fails_with 'Invalid argument' \
		    say "$(printf 'mk4 pause\n%s' "$text")"
	done
	state_is mk4 PRINTING
	[ "$(asked mk4 /pause)" -eq 0 ]
	grep -q 'which printer' "$M/log"
	grep -q '"mk5" is no printer' "$M/log"
	grep -q '^refresh' "$M/control"
	grep -q '^pause' "$M/control"
	[ "$(stat -c %a "$M/control")" = 600 ]
}

@test "log names the printers, and each has a log of its own" {
	grow mk4 mini
	farm_mounted
	cat "$M/mk4/info.json" "$M/mini/version.json" >/dev/null
	grep -q ' mk4: GET /api/v1/info 200' "$M/log"
	grep -q ' mini: GET /api/version 200' "$M/log"
	grep -q ' GET /api/v1/info 200' "$M/mk4/log"
	refute grep -q 'version\|mini\|mk4' "$M/mk4/log"
	model "$DIR/a.gcode"
	tell mini writes fail
	refute cp "$DIR/a.gcode" "$M/mini/usb/"
	grep -q ' mini: usb/a.gcode was not stored' "$M/log"
	refute grep -q a.gcode "$M/mk4/log"
}

@test "printers have different inode numbers, the same at every mount" {
	grow mk4 mini
	model "$DIR/farm/mk4/a.gcode"
	model "$DIR/farm/mini/a.gcode"
	farm_mounted
	find "$M" -printf '%i %p\n' | sort >"$DIR/first"
	[ "$(cut -d' ' -f1 "$DIR/first" | uniq -d | wc -l)" -eq 0 ]
	grep -q mini/usb/a.gcode "$DIR/first"
	unmounted
	farm_mounted
	find "$M" -printf '%i %p\n' | sort >"$DIR/second"
	cmp "$DIR/first" "$DIR/second"
	[ "$(ls -i "$M" | awk '$2 == "mk4" { print $1 }')" = \
	    "$(stat -c %i "$M/mk4")" ]
}

@test "df tells the space of the printer, and of all at the root" {
	grow mk4 mini pi3
	farm_mounted
	total() { echo $(($(stat -f -c '%b * %S' "$1"))); }
	[ "$(total "$M/mk4")" -eq $((32 << 30)) ]
	[ "$(total "$M/pi3")" -ne $((32 << 30)) ]
	[ "$(total "$M/mini/usb")" -eq $((32 << 30)) ]
	[ "$(total "$M")" -eq $((64 * (1 << 30) + $(total "$M/pi3/local"))) ]
}

# met N: somebody is connected to the N-th of the holes.
met() {
	awk -v port=":$(printf %04X "${HOLES[$1]##*:}")" \
	    '$3 ~ port "$" && $4 == "01" { met = 1 } END { exit !met }' \
	    /proc/net/tcp
}

@test "printers that never answer delay neither the mount nor the others" {
	grow mk4
	hole 12
	local i pid
	for i in "${!HOLES[@]}"; do
		section "hole$i" "${HOLES[$i]}"
	done
	"$PRUSAFS" -f -o \
	    "cache_dir=$DIR/cache,connect_timeout=2,answer_timeout=1000" \
	    "$FILE" "$M" >"$OUT" 2>&1 3>&- &
	FS_PID=$!
	within 12 is_mounted
	# Five seconds later somebody tries again and waits; others need not.
	timeout 1000 sh -c 'while :; do cat "$1"; sleep 0.1; done' sh \
	    "$M/hole3/status.json" >/dev/null 2>&1 3>&- &
	pid=$!
	eventually met 3
	[ "$(cat "$M/mk4/status/state")" = IDLE ]
	[ "$(timeout 10 cat "$M/status.json" |
	    jq '[.[] | select(.online)] | length')" -eq 1 ]
	assert_fails_with 'Host is down' timeout 20 cat "$M/hole3/status.json"
	timeout 20 ls -l "$M" "$M/hole3" >/dev/null
	kill "$pid"
	wait "$pid" || :
	within 10 timeout 10 umount "$M"
	wait "$FS_PID"
	FS_PID=
}

@test "an account whose server hangs delays no other printer" {
	local until i pids=()
	grow mk4
	hole 1
	(umask 077 && echo token >"$DIR/farm/token")
	section cloud "${HOLES[0]}" 'type = obico' 'token_file = token'
	farm_mounted connect_timeout=0.5,answer_timeout=1000
	# It is asked again when five seconds are over.
	until=$((SECONDS + 7))
	while [ "$SECONDS" -lt "$until" ]; do
		timeout 10 jq -e .mk4.online "$M/status.json" >/dev/null
		timeout 10 tee "$M/control" <<<'mk4 refresh' >/dev/null
		sleep 0.2
	done
	# One asks, and the others are answered at once.
	for i in 1 2 3; do
		ls "$M/cloud" >"$DIR/ls$i" 2>&1 3>&- &
		pids+=($!)
	done
	two_are_down() {
		[ "$(grep -l 'Host is down' "$DIR"/ls? | wc -l)" -eq 2 ]
	}
	within 10 two_are_down
	kill "${pids[@]}" 2>/dev/null || :
	wait "${pids[@]}" || :
	timeout 10 umount "$M"
}

@test "a printer that comes back is used again, as what it is" {
	grow pi3 mk4
	local url
	url=$(url_of pi3)
	kill "${PIDS[0]}"
	wait "${PIDS[0]}"
	port_is_kept "${url##*:}"
	PIDS=("${PIDS[1]}")
	farm_mounted
	grep -q "pi3: $url: connection refused" "$OUT"
	[ -d "$M/pi3/usb" ] # taken for a Buddy
	"$SIMPRINTER" --personality pi --port "${url##*:}" \
	    --storage "$DIR/farm/pi3" --password "$PASSWORD" \
	    --log "$DIR/farm/pi3.log" --control "$DIR/farm/pi3.fifo" \
	    >"$DIR/farm/pi3.ready" 2>"$DIR/pi3.err" 3>&- &
	PIDS+=($!)
	eventually jq -e .pi3.online "$M/status.json"
	grep -q "pi3: $url is back" "$M/log"
	say refresh
	eventually test -d "$M/pi3/local"
	refute test -e "$M/pi3/usb"
	eventually jq -e '.pi3.printer.state == "IDLE"' "$M/status.json"
}

@test "refresh and SIGHUP read the printers file again" {
	grow mk4 mini
	cp "$FILE" "$DIR/two"
	sed '/mini/,$d' "$DIR/two" >"$FILE"
	farm_mounted
	[ "$(ls -d "$M"/m[ik]* | xargs -n1 basename | xargs)" = mk4 ]
	cp "$DIR/two" "$FILE"
	say refresh
	[ "$(cat "$M/mini/status/state")" = IDLE ]
	grep -q '1 new, 0 changed, 0 gone' "$M/log"
	sed '/mk4/,/^password/d' "$DIR/two" >"$FILE"
	kill -HUP "$FS_PID"
	eventually test ! -e "$M/mk4"
	[ "$(cat "$M/mini/status/state")" = IDLE ]
	jq -e 'keys == ["mini"]' "$M/status.json"
	assert_fails_with 'Invalid argument' say 'mk4 pause'
	# Every trace of it ends, and it can come again.
	cp "$DIR/two" "$FILE"
	say refresh
	[ "$(cat "$M/mk4/status/state")" = IDLE ]
}

@test "a broken printers file changes nothing, and log says why" {
	grow mk4 mini
	farm_mounted
	printf '[new]\nurl = http://127.0.0.1:1\n' >>"$FILE"
	assert_fails_with 'Invalid argument' say refresh
	grep -q 'printers.conf:7: .new. has neither' "$M/log"
	grep -q 'nothing was changed' "$M/log"
	[ "$(cat "$M/mini/status/state")" = IDLE ]
	rm "$FILE"
	kill -HUP "$FS_PID"
	eventually grep -q 'printers.conf: No such file' "$M/log"
	[ "$(cat "$M/mk4/status/state")" = IDLE ]
	[ ! -e "$M/new" ]
}

@test "SIGHUP with a broken file keeps printers, readers and uploads" {
	local line reader writer
	grow mk4 mini
	farm_mounted
	cp "$FILE" "$DIR/good"
	cat "$M/mini/events" >"$DIR/events" 3>&- &
	reader=$!
	tell mk4 rate 20000
	model "$DIR/model.gcode" 100000
	cp "$DIR/model.gcode" "$M/mk4/usb/" 3>&- &
	writer=$!
	eventually grep -q '"state":"sending"' "$M/mk4/uploads.json"
	for line in 'pasword_file = password' 'url = http://a' \
	    '[mini]' '[a/b]' 'what'; do
		{
			cat "$DIR/good"
			echo "$line"
		} >"$FILE"
		assert_fails_with 'Invalid argument' say refresh
		grep -q 'printers.conf:7: ' "$M/log"
		: >"$OUT"
		kill -HUP "$FS_PID"
		eventually grep -q 'printers.conf:7: ' "$OUT"
		eventually grep -q 'nothing was changed' "$OUT"
	done
	[ "$(ls "$M" | grep "^m[ik]" | xargs)" = "mini mk4" ]
	wait "$writer"
	cmp "$DIR/model.gcode" "$DIR/farm/mk4/model.gcode"
	cp "$DIR/model.gcode" "$M/mini/usb/"
	eventually grep -q '"kind":"file"' "$DIR/events"
	kill "$reader"
	eventually is_gone "$reader"
}

@test "a printer whose section changes is replaced" {
	grow mk4 mini
	on=$DIR/farm/mini
	model "$on/a.gcode" 1000
	model "$DIR/farm/mk4/a.gcode" 2000
	sed '/mini/,$d' "$FILE" >"$DIR/one"
	cp "$DIR/one" "$FILE"
	farm_mounted
	cmp "$DIR/farm/mk4/a.gcode" "$M/mk4/usb/a.gcode"
	: >"$FILE"
	section mk4 "$(url_of mini)"
	say refresh
	grep -q '0 new, 1 changed, 0 gone' "$M/log"
	eventually cmp "$on/a.gcode" "$M/mk4/usb/a.gcode"
	# A password that was mended counts too.
	(umask 077 && echo wrong >"$DIR/farm/password")
	say refresh
	assert_fails_with 'Permission denied' cat "$M/mk4/status.json"
	(umask 077 && echo "$PASSWORD" >"$DIR/farm/password")
	say refresh
	[ "$(cat "$M/mk4/status/state")" = IDLE ]
	# Nothing has changed, so nothing changes.
	say refresh
	grep -q '0 new, 0 changed, 0 gone' "$M/log"
}

@test "a printer that is in use stays until it is not" {
	grow mk4 mini
	cp "$FILE" "$DIR/two"
	model "$DIR/farm/mk4/a.gcode" 300000
	farm_mounted
	exec 7<"$M/mk4/usb/a.gcode"
	head -c 1000 <&7 >/dev/null
	sed '/mk4/,/^password/d' "$DIR/two" >"$FILE"
	say refresh
	grep -q 'mk4 is in use' "$M/log"
	[ "$(cat "$M/mk4/status/state")" = IDLE ]
	cmp "$DIR/farm/mk4/a.gcode" "$M/mk4/usb/a.gcode"
	exec 7<&-
	eventually test ! -e "$M/mk4"
	refute jq -e .mk4 "$M/status.json"
	# Somebody in its folder does not keep it, and does no harm.
	cp "$DIR/two" "$FILE"
	say refresh
	cd "$M/mk4/usb"
	sed '/mk4/,/^password/d' "$DIR/two" >"$FILE"
	say refresh
	eventually test ! -e "$M/mk4"
	gone_for_good() { run ls && [[ $output == *Stale* ]]; }
	eventually gone_for_good
	refute cat a.gcode
	cd /
}

@test "litter does not keep a printer in the mount" {
	grow mk4 mini
	farm_mounted
	echo litter >"$M/mk4/usb/.DS_Store"
	echo litter >"$M/mk4/usb/desktop.ini"
	sed -i '/mk4/,/^password/d' "$FILE"
	say refresh
	eventually test ! -e "$M/mk4"
}

@test "what could not be sent is there when the section changes" {
	grow mk4
	farm_mounted
	model "$DIR/a.gcode"
	tell mk4 writes fail
	refute cp "$DIR/a.gcode" "$M/mk4/usb/"
	[ "$(ls "$M/mk4/unsent")" = a.gcode ]
	echo 'ttl = 5' >>"$FILE"
	say refresh
	grep -q '1 changed' "$M/log"
	cmp "$DIR/a.gcode" "$M/mk4/unsent/a.gcode"
	tell mk4 writes work
	mv "$M/mk4/unsent/a.gcode" "$M/mk4/usb/"
	cmp "$DIR/a.gcode" "$DIR/farm/mk4/a.gcode"
}

@test "printers receive at the same time, and SIGTERM waits for all" {
	grow mk4 mini pi3
	farm_mounted
	local name pids=()
	model "$DIR/a.gcode" 1500000
	for name in mk4 mini pi3; do
		tell "$name" rate 20000
		cp "$DIR/a.gcode" "$M/$name"/[ul]*[bl]/ 3>&- &
		pids+=($!)
	done
	sending() {
		[ "$(jq -s '[.[].uploads[] | select(.bytes > 0)] | length' \
		    "$M"/*/uploads.json)" -eq 3 ]
	}
	eventually sending
	jq -es 'all(.[].uploads[]; .state == "sending")' "$M"/*/uploads.json
	kill -TERM "$FS_PID"
	for name in mk4 mini pi3; do
		tell "$name" rate 0
	done
	for name in "${pids[@]}"; do
		wait "$name"
	done
	wait "$FS_PID"
	FS_PID=
	for name in mk4/a.gcode mini/a.gcode pi3/local/a.gcode; do
		cmp "$DIR/a.gcode" "$DIR/farm/$name"
	done
}

@test "200 printers, 20 of them dead, are no burden" {
	! is_sanitized || skip 'its size is measured without sanitizers'
	local name i pids=()
	mapfile -t names < <(seq -f 'p%03g' 180)
	grow "${names[@]}"
	dead 20
	for i in $(seq 20); do
		section "dead$i" "${DEAD[$i - 1]}"
	done
	farm_mounted
	[ "$(ls "$M" | wc -l)" -eq 204 ]
	# One that is late is told to be offline.
	answering() {
		[ "$(jq '[.[] | select(.online)] | length' \
		    "$M/status.json")" -eq 180 ]
	}
	eventually answering
	for name in "${names[@]}"; do
		cat "$M/$name/status.json" >"$DIR/out.$name" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ "$(cat "$DIR"/out.* | jq -s 'map(.printer.state) | length')" -eq 180 ]
	for i in $(seq 20); do
		assert_fails_with 'Host is down' cat "$M/dead$i/status.json"
	done
	assert_fails_with 'Input/output error' say 'all pause'
	echo "# $(peak_kib) KiB, $(ls "/proc/$FS_PID/task" | wc -l) threads," \
	    "$(ls "/proc/$FS_PID/fd" | wc -l) files"
	[ "$(peak_kib)" -lt 102400 ]
	few_threads() { [ "$(ls "/proc/$FS_PID/task" | wc -l)" -lt 20 ]; }
	eventually few_threads
	# It sleeps: no thread of it is woken in a second, which must pass.
	asleep() {
		local before after
		before=$(cat "/proc/$FS_PID"/task/*/status | grep -h ctxt)
		sleep 1
		after=$(cat "/proc/$FS_PID"/task/*/status | grep -h ctxt)
		[ "$before" = "$after" ]
	}
	eventually asleep
}

@test "a printer mounted alone has what its section says" {
	grow mk4
	FILE=$DIR/xdg-config/prusafs/printers.conf
	mkdir -p "$(dirname "$FILE")"
	printf '[other]\nwhat is this\n' >"$FILE"
	section mk4 "$(url_of mk4)" 'password_file = ../../farm/password' \
	    'ttl = 1000'
	# Root's file is in /etc.
	[ "$(id -u)" -ne 0 ] || as_nobody
	tell mk4 tick-status
	alone() {
		"${RUN_AS[@]}" "$PRUSAFS" -f -o "cache_dir=$DIR/cache$1" mk4 \
		    "$M" >"$OUT" 2>&1 3>&- &
		FS_PID=$!
		eventually mounted_or_dead
		is_mounted
	}
	look() {
		"${RUN_AS[@]}" cat "$M/status.json"
	}
	alone ''
	[ "$(look)" = "$(look)" ]
	unmounted
	alone ,ttl=0
	[ "$(look)" != "$(look)" ]
	unmounted
	echo 'colour = red' >>"$FILE"
	run "${RUN_AS[@]}" "$PRUSAFS" -o "cache_dir=$DIR/cache" mk4 "$M"
	[ "$status" -eq 1 ]
	[[ $output == *"printers.conf:7: colour: there is no such key"* ]]
}

@test "the printers file may be read again amid everything" {
	grow mk4 mini pi3
	cp "$FILE" "$DIR/three"
	sed '/mk4/,/^password/d' "$DIR/three" >"$DIR/without"
	sed 's/^password_file.*/&\nttl = 2/' "$DIR/three" >"$DIR/other"
	model "$DIR/a.gcode" 30000
	model "$DIR/farm/mk4/there.gcode" 200000
	farm_mounted ttl=0
	busy() {
		local name
		while [ ! -e "$DIR/enough" ]; do
			for name in mk4 mini pi3; do
				cat "$M/$name/status.json"
				cp "$DIR/a.gcode" "$M/$name"/[ul]*[bl]/a.gcode
				cat "$M/$name"/[ul]*[bl]/*
				ls -lR "$M/$name"
				rm "$M/$name"/[ul]*[bl]/a.gcode
			done
			cat "$M/status.json" "$M/log"
			stat -f "$M" "$M/mk4/usb"
		done
	}
	local i variant pids=()
	for i in 1 2 3; do
		busy >/dev/null 2>&1 3>&- &
		pids+=($!)
	done
	for i in $(seq 8); do
		for variant in without three other; do
			cp "$DIR/$variant" "$FILE"
			say refresh
			jq -e '.mini and .pi3' "$M/status.json" >/dev/null
		done
	done
	: >"$DIR/enough"
	wait "${pids[@]}" || :
	cp "$DIR/three" "$FILE"
	say refresh
	eventually cmp "$DIR/farm/mk4/there.gcode" "$M/mk4/usb/there.gcode"
	# One that was late has a third of a second the next time.
	eventually jq -e 'length == 3 and all(.[]; .online)' "$M/status.json"
	# Nothing is left of those that went: each has a book open.
	books() {
		local count
		count=$(ls -l "/proc/$FS_PID/fd" | grep -c '\.book$')
		echo "# $count books"
		[ "$count" -eq 3 ]
	}
	eventually books
	books
}

@test "SIGTERM ends a mount that waits for printers in every way" {
	grow mk4
	hole 6
	local i pids=()
	for i in "${!HOLES[@]}"; do
		section "hole$i" "${HOLES[$i]}"
	done
	cp "$FILE" "$DIR/all"
	farm_mounted connect_timeout=1,answer_timeout=1000
	sed 's/^password_file.*/&\nconnect_timeout = 1000/' "$DIR/all" >"$FILE"
	kill -HUP "$FS_PID"
	for i in "${!HOLES[@]}"; do
		cat "$M/hole$i/status.json" "$M/hole$i/info.json" \
		    >/dev/null 2>&1 3>&- &
		pids+=($!)
	done
	eventually met 5
	kill -TERM "$FS_PID"
	eventually is_gone "$FS_PID"
	wait "$FS_PID"
	FS_PID=
	wait "${pids[@]}" || :
	refute is_mounted
}

@test "the example of a printers file is one" {
	local name port=1
	mkdir "$DIR/farm"
	FILE=$DIR/farm/printers.conf
	while IFS= read -r line; do
		case $line in
		'url = '*) echo "url = http://127.0.0.1:$((port++))" ;;
		*) echo "$line" ;;
		esac
	done <"$ROOT/scripts/printers.conf" >"$FILE"
	for name in mk4.password mini.key mk3.password xl.password ca.pem \
	    obico.token; do
		(umask 077 && echo secret >"$DIR/farm/$name")
	done
	farm_mounted
	[ "$(ls "$M" | paste -sd/)" = \
	    'cloud/control/log/metrics/mini left/mk3/mk4/status.json/xl' ]
	unmounted
}

@test "metrics has the series of all printers, with their names" {
	grow mk4 pi3
	dead 1
	section gone "${DEAD[0]}"
	farm_mounted
	cat "$M/metrics" >"$DIR/metrics"
	grep -q '{printer="mk4"' "$DIR/metrics"
	grep -q '{printer="pi3"' "$DIR/metrics"
	grep -q '{printer="gone"' "$DIR/metrics"
	[ "$(tail -n 1 "$DIR/metrics")" = '# EOF' ]
	[ "$(grep -c '^# EOF' "$DIR/metrics")" -eq 1 ]
	[ "$(grep '^# TYPE' "$DIR/metrics" | sort | uniq -d | wc -l)" -eq 0 ]
}
