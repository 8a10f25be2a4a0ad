#!/usr/bin/env bats
# Pictures: a printer's cameras, and one that is named by its URL.
load helper

# A camera in the network: $CAMERA is its address, $SHOTS its requests.
camera() {
	SHOTS=$DIR/shots
	: >"$SHOTS"
	"$TOOLS/camera" "$SHOTS" >"$DIR/camera" 2>"$DIR/camera.log" 3>&- &
	eventually test -s "$DIR/camera"
	CAMERA=$(cat "$DIR/camera")
}

# A printer of that kind whose camera is that path.
watched() {
	[ -n "${CAMERA-}" ] || camera
	printer "$1"
	mounted "camera=$CAMERA$2"
	: >"$SHOTS"
}

# certificate NAME: of an authority of its own, for this host.
certificate() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=camera \
	    -addext "subjectAltName=IP:${2:-127.0.0.1}" \
	    -keyout "$DIR/$1.key" -out "$DIR/$1.pem" 2>"$DIR/openssl"
}

# The camera by https, too: $SAFE is its address, with that certificate.
safe_camera() {
	[ -n "${CAMERA-}" ] || camera
	certificate "$@"
	"$TOOLS/tls" "$DIR/$1.pem" "$DIR/$1.key" "${CAMERA##*:}" \
	    >"$DIR/$1.tls" 2>&1 3>&- &
	eventually grep -q READY "$DIR/$1.tls"
	SAFE=https://127.0.0.1:$(sed -n 's/READY //p' "$DIR/$1.tls")
}

# seen_at URL [OPTIONS]: a printer whose camera that is.
seen_at() {
	printer buddy
	mounted "camera=$1${2:+,$2}"
	: >"$SHOTS"
}

assert_shots() {
	[ "$(wc -l <"$SHOTS")" -eq "$1" ] && return
	echo "# wanted $1 requests to the camera:" >&2
	cat "$SHOTS" >&2
	return 1
}

is_kind() {
	[ "$(file -b --mime-type "$2")" = "image/$1" ]
}

# Exact sizes, and bytes that end where they end: of one picture, for the next
# look may show another one.
is_exact() {
	local size
	size=$(stat -L -c %s /proc/self/fd/0) &&
	    [ "$size" -eq "$(head -c 20000000 | wc -c)" ]
} <"$1"

@test "without any camera the rows are absent" {
	fresh buddy
	local name
	for name in snapshot.jpg snapshot.png cameras.json cameras; do
		[ ! -e "$M/$name" ]
		refute grep -qx "$name" < <(ls "$M")
	done
	refute grep -q '^snap' "$M/control"
}

@test "snapshot.png is a PNG for a JPEG, a PNG and two MJPEG streams" {
	local path
	for path in /a.jpg /a.png /stream /stream-odd /hop3 '/a.jpg?pwd=x'; do
		watched buddy "$path"
		is_kind png "$M/snapshot.png"
		is_exact "$M/snapshot.png"
		is_exact "$M/snapshot.jpg"
		if [ "$path" = /a.png ]; then
			is_kind png "$M/snapshot.jpg"
		else
			is_kind jpeg "$M/snapshot.jpg"
			file -b "$M/snapshot.jpg" | grep -q 16x8
			file -b "$M/snapshot.png" | grep -q '16 x 8'
		fi
		refute grep -q credentials "$SHOTS"
		refute grep -q pwd "$M/log"
		assert_requests 0
	done
}

@test "20 readers at the same time cost one picture, and so do 10 s" {
	local kind i name
	for kind in $(both); do
		if [ "$kind" = pi ]; then
			fresh pi
			eventually test -s "$M/snapshot.jpg"
			echo refresh >"$M/control"
		else
			watched buddy /a.jpg
		fi
		for name in jpg png; do
			echo refresh >"$M/control"
			forget_requests
			: >"${SHOTS-/dev/null}"
			local pids=()
			for i in $(seq 20); do
				cat "$M/snapshot.$name" >/dev/null 3>&- &
				pids+=($!)
			done
			wait "${pids[@]}"
			is_kind png "$M/snapshot.png"
			if [ "$kind" = pi ]; then
				assert_requests 1 . snap
			else
				assert_shots 1
				assert_requests 0
			fi
		done
	done
}

@test "a Pi's cameras are folders with their pictures" {
	local id
	fresh pi
	ls "$M" >/dev/null
	assert_requests 0
	id=$(jq -r '.camera_list[0].camera_id' "$M/cameras.json")
	[ "$(ls "$M/cameras")" = "$id" ]
	[ "$(ls "$M/cameras/$id" | xargs)" = 'config.json snapshot.jpg' ]
	assert_requests 1
	jq -e '.trigger_scheme == "TEN_SEC"' "$M/cameras/$id/config.json"
	eventually test -s "$M/cameras/$id/snapshot.jpg"
	eventually test -s "$M/snapshot.png"
	is_kind jpeg "$M/cameras/$id/snapshot.jpg"
	is_kind png "$M/snapshot.png"
	is_exact "$M/cameras/$id/snapshot.jpg"
	file -b "$M/snapshot.png" | grep -q '320 x 240'
	assert_fails_with 'No such file' cat "$M/cameras/other/snapshot.jpg"
	assert_fails_with 'No such file' ls "$M/cameras/$id/other"
	find "$M" -path "$S" -prune -o -type f -print >/dev/null
	python3 - "$M/cameras" "$M/cameras/$id" <<-'END'
	import os, sys
	for folder in sys.argv[1:]:
	    for entry in os.scandir(folder):
	        assert entry.inode() == os.stat(entry.path).st_ino, entry.path
	END
}

@test "no picture yet is ENODATA" {
	printer pi
	ctl freeze 0
	ctl fail GET /api/v1/cameras/snap 204 1
	mounted
	assert_fails_with 'No data available' cat "$M/snapshot.jpg"
	[ "$(stat -c %s "$M/snapshot.png")" -ge 0 ]
	watched buddy /status404
	assert_fails_with 'No data available' cat "$M/snapshot.jpg"
	assert_fails_with 'No data available' cat "$M/snapshot.png"
	[ "$(stat -c %s "$M/snapshot.png")" -eq 0 ]
	watched buddy /status204
	assert_fails_with 'No data available' cat "$M/snapshot.jpg"
}

@test "what is no picture is EPROTO, however big it claims to be" {
	local path
	for path in /text /empty /endless /hop4 /to-file /to-user; do
		watched buddy "$path"
		assert_fails_with 'Protocol error' cat "$M/snapshot.jpg"
		assert_fails_with 'Protocol error' cat "$M/snapshot.png"
		refute grep -q secret "$M/log"
	done
	for path in /cut.jpg /cut.png /crc.png /wide.jpg /wide.png; do
		watched buddy "$path"
		cat "$M/snapshot.jpg" >/dev/null
		assert_fails_with 'Protocol error' cat "$M/snapshot.png"
		is_sanitized || [ "$(peak_kib)" -lt 65536 ]
	done
}

@test "a camera's refusals and absence are told as the printer's are" {
	watched buddy /status403
	assert_fails_with 'Permission denied' cat "$M/snapshot.jpg"
	printer buddy
	mounted camera=http://127.0.0.1:1/a.jpg
	assert_fails_with 'Host is down' cat "$M/snapshot.jpg"
	cat "$M/status.json" >/dev/null
	[ "$(cat "$M/status/online")" = 1 ]
}

@test "a camera with a URL is a camera among others, its query unsaid" {
	watched buddy '/a.jpg?pwd=geheim'
	jq -e '.camera_list[0].camera_id == "camera"' "$M/cameras.json"
	[ "$(ls "$M/cameras")" = camera ]
	jq -e '.url | endswith("/a.jpg")' "$M/cameras/camera/config.json"
	cmp "$M/cameras/camera/snapshot.jpg" "$M/snapshot.jpg"
	refute grep -qr geheim "$M/cameras.json" "$M/cameras" "$M/log"
	assert_requests 0
}

@test "snap has the next look show a new picture" {
	watched buddy /a.jpg
	cat "$M/snapshot.jpg" >/dev/null
	cat "$M/snapshot.jpg" >/dev/null
	assert_shots 1
	echo snap >"$M/control"
	cat "$M/snapshot.jpg" >/dev/null
	assert_shots 2
	echo snap camera >"$M/control"
	assert_fails_with 'No such file' bash -c "echo snap other >$M/control"
}

@test "snap asks a Pi's camera, whose server cannot do it" {
	local id
	fresh pi
	id=$(ls "$M/cameras")
	forget_requests
	assert_fails_with 'Remote I/O' bash -c "echo snap >$M/control"
	assert_fails_with 'Remote I/O' bash -c "echo snap $id >$M/control"
	assert_requests 2 '^POST$' "^/api/v1/cameras/$id/snap$"
	assert_fails_with 'No such file' bash -c "echo snap other >$M/control"
}

@test "a picture comes by https from a camera whose authority is known" {
	safe_camera ours
	seen_at "$SAFE/a.jpg" "ca_file=$DIR/ours.pem"
	is_kind jpeg "$M/snapshot.jpg"
	is_kind png "$M/snapshot.png"
	is_exact "$M/snapshot.jpg"
	assert_shots 1
	cmp "$M/snapshot.jpg" "$M/cameras/camera/snapshot.jpg"
	seen_at "$SAFE/stream" "ca_file=$DIR/ours.pem"
	is_kind jpeg "$M/snapshot.jpg"
}

@test "a camera whose certificate is not trusted is asked nothing" {
	local safe options
	safe_camera ours
	safe=$SAFE
	certificate theirs
	safe_camera elsewhere 127.0.0.2
	for options in "$safe" "$safe ca_file=$DIR/theirs.pem" \
	    "$SAFE ca_file=$DIR/elsewhere.pem" \
	    "$CAMERA/to?$safe"; do
		# shellcheck disable=SC2086 # two words
		set -- $options
		seen_at "$1/a.jpg" "${2-}"
		assert_fails_with 'Protocol error' cat "$M/snapshot.jpg"
		assert_fails_with 'Protocol error' cat "$M/snapshot.png"
		refute grep -qx /a.jpg "$SHOTS"
		grep -qi certificate "$M/log"
	done
}

@test "a camera may redirect three times, from http to https and back" {
	safe_camera ours
	seen_at "$CAMERA/to?$SAFE/hop2" "ca_file=$DIR/ours.pem"
	is_kind jpeg "$M/snapshot.jpg"
	[ "$(sed 's/?.*//' "$SHOTS" | xargs)" = '/to /hop2 /hop1 /a.jpg' ]
	seen_at "$CAMERA/to?$SAFE/hop3" "ca_file=$DIR/ours.pem"
	assert_fails_with 'Protocol error' cat "$M/snapshot.jpg"
	[ "$(sed 's/?.*//' "$SHOTS" | xargs)" = '/to /hop3 /hop2 /hop1' ]
}

@test "no login of the printer is ever told to a camera" {
	local path login
	safe_camera ours
	(umask 077 && echo api-key >"$DIR/key")
	for path in "$SAFE/a.jpg" "$CAMERA/to?$SAFE/a.jpg" "$SAFE/hop3" \
	    "$CAMERA/login" "$SAFE/login"; do
		for login in "password_file=$DIR/password" \
		    "api_key_file=$DIR/key"; do
			printer pi
			mounted "$login,camera=$path,ca_file=$DIR/ours.pem"
			: >"$SHOTS"
			cat "$M/status.json" >/dev/null
			if [[ $path == */login ]]; then
				assert_fails_with 'Permission denied' \
				    cat "$M/snapshot.jpg"
				assert_shots 1
			else
				is_kind jpeg "$M/snapshot.jpg"
			fi
			refute grep -q credentials "$SHOTS"
		done
	done
}

@test "a camera goes before the Pi's own for snapshot.jpg" {
	watched pi /a.jpg
	file -b "$M/snapshot.jpg" | grep -q 16x8
	[ "$(ls "$M/cameras")" != camera ]
	assert_requests 1
}

@test "a camera's address with a user or of another kind is refused" {
	local url
	printer buddy
	for url in file:///etc/passwd http://user@host/a http://u:p@host/ \
	    http:// camera.lan; do
		run "$PRUSAFS" -o "password_file=$DIR/password,camera=$url" \
		    "$URL" "$M"
		[ "$status" -eq 1 ]
	done
}
