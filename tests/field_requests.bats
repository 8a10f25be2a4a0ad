# Requests whose answer does not come whole, and names that cannot be sent.
load helper

@test "a GET whose answer is lost is asked once more" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk a.gcode 3000
		ctl lose-response GET 1
		cat "$M/status.json" >/dev/null
		assert_requests 2 GET /api/v1/status
		ctl lose-response GET 1
		ls "$S" >/dev/null
		ctl lose-response GET 1
		cmp "$S/a.gcode" "$DISK/a.gcode"
	done
}

@test "a GET whose answer is cut short is asked once more" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk a.gcode
		ctl cut-after 20 1
		[ "$(ls "$S")" = a.gcode ]
		ctl cut-after 20 1
		jq -e . "$M/status.json"
	done
}

# A kept connection that has died is no answer either: libcurl asks again then.
@test "a GET that is never answered is not asked for ever" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		ctl lose-response GET 1000
		assert_fails_with 'Input/output' cat "$M/status.json"
		assert_requests_at_most 4 GET /api/v1/status
	done
}

@test "what changes something is not asked again" {
	fresh buddy
	on_disk a.gcode
	ls "$S" >/dev/null
	ctl lose-response POST 1
	echo "print usb/a.gcode" >"$M/control" || :
	assert_requests 1 POST
}

@test "a file whose name no upload may have is not opened for writing" {
	fresh pi
	local name='what?.gcode'
	on_disk "$name"
	cp "$DISK/$name" "$DIR/before"
	eventually test -e "$S/$name"
	run bash -c 'echo x > "$1"' sh "$S/$name"
	[ "$status" -ne 0 ]
	[[ $output == *'Invalid argument'* ]]
	assert_fails_with 'Invalid argument' bash -c 'echo x >> "$1"' sh \
	    "$S/$name"
	assert_fails_with 'Invalid argument' truncate -s 5 "$S/$name"
	assert_requests 0 PUT
	cmp "$DISK/$name" "$DIR/before"
	rm "$S/$name"
	refute test -e "$DISK/$name"
}

@test "a file whose path is too long for an upload is not opened for writing" {
	fresh buddy
	local name
	name=$(printf 'n%.0s' {1..110}).gcode
	on_disk "$name"
	assert_fails_with 'File name too long' \
	    bash -c 'echo x > "$1"' sh "$S/$name"
	assert_requests 0 PUT
}

@test "what the answer to an upload does not tell is asked, not deleted" {
	fresh buddy
	local body i=0
	for body in '{"name":"A~1.GCO","display_name":"a.gcode","ro":false}' \
	    '{"name":"A~1.GCO","display_name":"a.gcode","size":0}' \
	    '{"name":"A~1.GCO","display_name":null,"size":3000}' '{}' ''; do
		i=$((i + 1))
		echo "# $body"
		model "$DIR/a.gcode" $((3000 + i))
		printf '%s' "$body" >"$DIR/body"
		ctl answer PUT /api/v1/files/usb/a.gcode 1 "$DIR/body"
		cp "$DIR/a.gcode" "$S/a.gcode"
		cmp "$DIR/a.gcode" "$DISK/a.gcode"
		cmp "$DIR/a.gcode" "$S/a.gcode"
	done
	assert_requests 0 DELETE
	assert_requests "$i" PUT
}

@test "an upload that is known to be another file is removed" {
	fresh buddy
	model "$DIR/a.gcode" 3000
	printf '{"name":"A~1.GCO","display_name":"a.gcode","size":17}' \
	    >"$DIR/body"
	ctl answer PUT /api/v1/files/usb/a.gcode 1 "$DIR/body"
	assert_fails_with 'Input/output' cp "$DIR/a.gcode" "$S/a.gcode"
	assert_requests 1 DELETE
	[ ! -e "$DISK/a.gcode" ]
}
