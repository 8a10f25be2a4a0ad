#!/usr/bin/env bats
# Logging in: a 401 per lane and nonce life at most, never on an upload.
load helper

@test "each lane is refused once, and no upload ever is" {
	local kind i
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		for i in 1 2 3 4 5; do
			cat "$M/status.json" "$M/storage.json" >/dev/null
			cp "$DIR/model.gcode" "$S/$i.gcode"
			echo refresh >"$M/control"
			cat "$S/$i.gcode" >/dev/null
			rm "$S/$i.gcode"
		done
		assert_requests 5 '^PUT$'
		[ "$(refused_logins '^PUT$')" -eq 0 ]
		[ "$(refused_logins)" -le 3 ]
	done
}

@test "a nonce that has run out costs each lane one more 401" {
	local kind start
	for kind in $(both); do
		# A nonce of 300 s (Buddy), 60 to 120 s (Pi) lives 6 s here.
		local scale=0.02 life=7
		[ "$kind" = buddy ] || scale=0.05
		printer "$kind" --time-scale "$scale"
		mounted ttl=0.1
		cat "$M/status.json" >/dev/null
		[ "$(refused_logins)" -le 1 ]
		start=$SECONDS
		while [ $((SECONDS - start)) -lt $life ]; do
			cat "$M/status.json" >/dev/null
			sleep 0.2
		done
		echo "# $(refused_logins) refused of $(requests)"
		[ "$(refused_logins)" -ge 1 ]
		[ "$(refused_logins)" -le 4 ]
		jq -e . "$M/status.json"
	done
}

@test "an upload after the life of a nonce logs in by another request first" {
	! is_sanitized || skip 'it waits for real time; once is enough'
	fresh pi
	model "$DIR/model.gcode"
	cp "$DIR/model.gcode" "$S/1.gcode"
	# A Pi's nonce lives for 60 to 120 s.
	sleep 125
	cp "$DIR/model.gcode" "$S/2.gcode"
	assert_requests 2 '^PUT$'
	[ "$(refused_logins '^PUT$')" -eq 0 ]
}

@test "a printer that was restarted is logged in to anew" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		cat "$M/status.json" >/dev/null
		on_disk a.gcode
		ctl restart
		within 20 cat "$M/status.json"
		eventually cmp "$DISK/a.gcode" "$S/a.gcode"
	done
}

@test "an API key never costs a 401" {
	local kind
	for kind in $(both); do
		printer "$kind"
		(umask 077 && echo api-key >"$DIR/key")
		[ "$kind" = pi ] || cp "$DIR/password" "$DIR/key"
		mounted "api_key_file=$DIR/key"
		model "$DIR/model.gcode"
		cp "$DIR/model.gcode" "$S/"
		cat "$M/status.json" >/dev/null
		assert_one_put
		[ "$(refused_logins)" -eq 0 ]
	done
}

@test "no more than three connections are open at a time" {
	local i
	fresh buddy
	on_disk down.gcode 4000000
	model "$DIR/model.gcode" 4000000
	ctl rate 2000000
	cp "$DIR/model.gcode" "$S/up.gcode" 3>&- &
	local pids=($!)
	cat "$S/down.gcode" >/dev/null 3>&- &
	pids+=($!)
	local most=0 now port=${URL##*:}
	for i in $(seq 30); do
		cat "$M/status.json" "$M/transfer.json" >/dev/null 2>&1 || :
		now=$(python3 - "$port" <<-'END'
		import sys
		port = "%04X" % int(sys.argv[1])
		with open("/proc/net/tcp") as table:
		    rows = [line.split() for line in table][1:]
		print(sum(r[1].endswith(":" + port) and r[3] == "01" for r in rows))
		END
		)
		[ "$now" -le "$most" ] || most=$now
	done
	echo "# at most $most connections"
	[ "$most" -le 3 ]
	ctl rate 0
	wait "${pids[@]}"
}

@test "the name of the program is the same in every request" {
	# A Pi binds its nonce to the User-Agent: a change would be a 401.
	local i
	fresh pi
	for i in 1 2 3 4 5 6; do
		cat "$M/status.json" "$M/storage.json" "$M/info.json" >/dev/null
		echo refresh >"$M/control"
	done
	[ "$(refused_logins)" -le 1 ]
}
