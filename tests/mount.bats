#!/usr/bin/env bats
# Mounting: first contact, exit statuses, options, passwords, who may.
load helper

options() {
	echo "user=maker,password_file=$DIR/password,cache_dir=$DIR/cache$1"
}

# try STATUS TEXT COMMAND…: one line on stderr, that status, nothing mounted.
try() {
	local want=$1 text=$2 rc=0
	shift 2
	timeout 30 "$@" </dev/null >"$DIR/stdout" 2>"$DIR/try.err" || rc=$?
	[ "$rc" -eq "$want" ] && grep -qi -- "$text" "$DIR/try.err" &&
	    [ "$(wc -l <"$DIR/try.err")" -eq 1 ] && [ ! -s "$DIR/stdout" ] &&
	    ! is_mounted && return
	echo "# status $rc (wanted $want) from $*:" >&2
	cat "$DIR/try.err" "$DIR/stdout" >&2
	return 1
}

# A mount that has gone into the background.
daemon_pid() {
	pgrep -f -- "prusafs.* $M\$" || pgrep -f -- "prusafs.* $M "
}

gone_into_background() {
	FS_PID=
	is_mounted
	DAEMON=$(daemon_pid)
	[ -n "$DAEMON" ]
}

background_ends() {
	umount "$M" 2>/dev/null || fusermount3 -u "$M"
	eventually is_gone "$DAEMON"
}

# Have mount(8) find the binary under test.  Others wait for their turn.
helpers_in_sbin() {
	need_root
	exec 8>/tmp/prusafs-test-sbin.lock
	flock -w 120 8
	local name
	for name in prusafs fuse.prusafs; do
		if [ -e "/sbin/mount.$name" ] &&
		    [ ! -L "/sbin/mount.$name" ]; then
			skip "/sbin/mount.$name is somebody else's"
		fi
		[ ! -L "/sbin/mount.$name" ] ||
		    mv "/sbin/mount.$name" "/sbin/.mount.$name.kept"
		ln -s "$PRUSAFS" "/sbin/mount.$name"
	done
	HELPERS=yes
}

helpers_gone() {
	[ -n "${HELPERS-}" ] || return 0
	local name
	for name in prusafs fuse.prusafs; do
		rm -f "/sbin/mount.$name"
		[ ! -L "/sbin/.mount.$name.kept" ] ||
		    mv "/sbin/.mount.$name.kept" "/sbin/mount.$name"
	done
	HELPERS=
	exec 8>&-
}

eval "$(declare -f teardown | sed '1s/teardown/common_teardown/')"
teardown() {
	local rc=0
	helpers_gone
	if [ -n "${DAEMON-}" ] && ! is_gone "$DAEMON"; then
		umount -l "$M" || :
		within 10 is_gone "$DAEMON" || kill -KILL "$DAEMON"
	fi
	[ -z "${WEB_PID-}" ] || kill "$WEB_PID" || :
	common_teardown || rc=1
	return $rc
}

@test "a printer of either kind is mounted, read and unmounted" {
	local kind
	for kind in $(both); do
		printer "$kind"
		"$PRUSAFS" -o "$(options)" "$URL" "$M" 3>&- 8>&-
		gone_into_background
		[ "$(cat "$M/status/state")" = IDLE ]
		background_ends
		refute is_mounted
	done
}

@test "the version and the help go to standard output with status 0" {
	run -0 --separate-stderr "$PRUSAFS" -V
	[[ $output == *prusafs*[0-9].[0-9]* ]]
	[ -z "$stderr" ]
	run -0 --separate-stderr "$PRUSAFS" -h
	[[ $output == *password_file* ]]
	[ -z "$stderr" ]
}

@test "a wrong password is status 3" {
	local kind
	for kind in $(both); do
		printer "$kind"
		echo wrong >"$DIR/password"
		try 3 'login' "$PRUSAFS" -o "$(options)" "$URL" "$M"
	done
}

@test "a wrong API key is status 3" {
	local kind
	for kind in $(both); do
		printer "$kind"
		echo wrong >"$DIR/password"
		try 3 'login' "$PRUSAFS" \
		    -o "api_key_file=$DIR/password,cache_dir=$DIR/cache" \
		    "$URL" "$M"
	done
}

@test "a host that refuses the connection is status 2" {
	printer buddy
	finish_all
	try 2 'refused' "$PRUSAFS" -o "$(options)" "$URL" "$M"
}

@test "a host name that does not exist is status 2" {
	local label
	printer buddy
	# Too long for a name server, so that none is asked and waited for.
	label=$(printf 'a%.0s' {1..64})
	try 2 'host' "$PRUSAFS" -o "$(options)" "http://$label.invalid" "$M"
}

@test "a host that never answers is status 2 within the time limits" {
	printer buddy
	ctl freeze 100
	try 2 'answer' "$PRUSAFS" -o "$(options ,answer_timeout=1)" \
	    "$URL" "$M"
	ctl freeze 0
}

@test "a web server that is no printer is status 5" {
	printer buddy
	python3 -u -m http.server --bind 127.0.0.1 0 -d "$DIR/printer" \
	    >"$DIR/web" 2>&1 3>&- &
	WEB_PID=$!
	eventually grep -q 'port [0-9]' "$DIR/web"
	local port
	port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$DIR/web")
	try 5 'PrusaLink' "$PRUSAFS" -o "$(options)" \
	    "http://127.0.0.1:$port" "$M"
}

@test "a server that answers anything else is status 5" {
	local status
	printer buddy
	for status in 400 301 404 415; do
		ctl fail GET /api/version "$status" 1
		try 5 'PrusaLink' "$PRUSAFS" -o "$(options)" "$URL" "$M"
	done
}

# A certificate of its own in front of the printer.
https_printer() {
	printer buddy
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mk4 \
	    -addext subjectAltName=IP:127.0.0.1 -keyout "$DIR/key.pem" \
	    -out "$DIR/ca.pem" 2>"$DIR/openssl"
	"$TOOLS/tls" "$DIR/ca.pem" "$DIR/key.pem" "${URL##*:}" \
	    >"$DIR/tls" 2>&1 3>&- &
	WEB_PID=$!
	eventually grep -q READY "$DIR/tls"
	URL=https://127.0.0.1:$(sed -n 's/READY //p' "$DIR/tls")
}

@test "https with a certificate of its own needs ca_file, which may be relative" {
	https_printer
	try 5 'certificate' "$PRUSAFS" -o "$(options)" "$URL" "$M"
	try 1 "$DIR/none.pem" "$PRUSAFS" \
	    -o "$(options ",ca_file=$DIR/none.pem")" "$URL" "$M"
	cd "$DIR"
	"$PRUSAFS" -o "$(options ,ca_file=ca.pem)" "$URL" "$M" 3>&- 8>&-
	gone_into_background
	[ "$(cat "$M/status/state")" = IDLE ]
	model "$DIR/a.gcode"
	cp "$DIR/a.gcode" "$S/"
	cmp "$DIR/a.gcode" "$S/a.gcode"
	background_ends
}

@test "a password file that others can read is refused" {
	printer buddy
	chmod 644 "$DIR/password"
	try 1 "$DIR/password" "$PRUSAFS" -o "$(options)" "$URL" "$M"
	chmod 640 "$DIR/password"
	try 1 "$DIR/password" "$PRUSAFS" -o "$(options)" "$URL" "$M"
}

@test "a password file that does not exist is refused" {
	printer buddy
	rm "$DIR/password"
	try 1 "$DIR/password" "$PRUSAFS" -o "$(options)" "$URL" "$M"
}

@test "an unknown option is status 1 and named" {
	printer buddy
	try 1 'flavour' "$PRUSAFS" -o "$(options ,flavour=mild)" "$URL" "$M"
	try 1 'ttl' "$PRUSAFS" -o "$(options ,ttl=soon)" "$URL" "$M"
	local name
	for name in connect answer stall; do
		try 1 "${name}_timeout" "$PRUSAFS" \
		    -o "$(options ",${name}_timeout=0")" "$URL" "$M"
	done
	assert_requests 0
}

@test "an address that cannot be one is status 1" {
	local address
	printer buddy
	for address in http://127.0.0.1:99999 'http://[::1' http:// \
	    'http://mk 4.lan' ftp://mk4.lan; do
		try 1 'address\|only http' "$PRUSAFS" \
		    -o "$(options ,offline_ok)" "$address" "$M"
	done
}

@test "a missing mount point is status 1 when not told, 4 when no directory" {
	printer buddy
	try 1 'mount point' "$PRUSAFS" -o "$(options)" "$URL"
	try 4 "$DIR/nowhere" "$PRUSAFS" -o "$(options)" "$URL" "$DIR/nowhere"
	try 4 "$DIR/password" "$PRUSAFS" -o "$(options)" "$URL" "$DIR/password"
}

@test "a password in the URL or in the options is refused" {
	printer buddy
	try 1 'password' "$PRUSAFS" -o "$(options)" \
	    "http://maker:$PASSWORD@${URL#http://}" "$M"
	refute grep -q "$PASSWORD" "$DIR/try.err"
	try 1 'password' "$PRUSAFS" -o "password=$PASSWORD" "$URL" "$M"
	refute grep -q "$PASSWORD" "$DIR/try.err"
	assert_requests 0
}

@test "without any password the file to write is named, with status 3" {
	printer buddy
	try 3 'printers.conf' setsid "$PRUSAFS" -o "cache_dir=$DIR/cache" \
	    "$URL" "$M"
}

@test "the password may come from the environment" {
	printer buddy
	PRUSA_PASSWORD=$PASSWORD "$PRUSAFS" -o "cache_dir=$DIR/cache" \
	    "$URL" "$M" 3>&-
	gone_into_background
	cat "$M/version.json"
	background_ends
}

@test "a password from the environment is wiped from there" {
	printer buddy
	PRUSA_PASSWORD=$PASSWORD "$PRUSAFS" -o "cache_dir=$DIR/cache" \
	    "$URL" "$M" 3>&-
	gone_into_background
	grep -qa PRUSA_PASSWORD "/proc/$DAEMON/environ"
	refute grep -qaF "$PASSWORD" "/proc/$DAEMON/environ"
	background_ends
}

@test "the printer may come from the environment" {
	printer buddy
	PRUSA_HOST=$URL PRUSA_USERNAME=maker PRUSA_PASSWORD=$PASSWORD \
	    "$PRUSAFS" -o "cache_dir=$DIR/cache" "$M" 3>&-
	gone_into_background
	cat "$M/version.json"
	background_ends
}

@test "the password may come from the printers file" {
	local folder=$DIR/xdg-config/prusafs source
	printer buddy
	mkdir -p "$folder"
	printf '[mk4]\nurl = %s/\npassword_file = %s\n' "$URL" \
	    ../../password >"$folder/printers.conf"
	# Root's file is in /etc.
	[ "$(id -u)" -ne 0 ] || as_nobody
	for source in mk4 "$URL" "$URL/" "${URL#http://}"; do
		"${RUN_AS[@]}" "$PRUSAFS" -o "cache_dir=$DIR/cache" \
		    "$source" "$M" 3>&-
		gone_into_background
		"${RUN_AS[@]}" cat "$M/version.json"
		background_ends
	done
	try 3 'no password' setsid "${RUN_AS[@]}" "$PRUSAFS" \
	    -o "cache_dir=$DIR/cache" "$URL/1" "$M"
}

@test "an API key opens both kinds of printer" {
	local kind
	for kind in $(both); do
		printer "$kind"
		(umask 077 && echo api-key >"$DIR/key")
		[ "$kind" = pi ] || cp "$DIR/password" "$DIR/key"
		"$PRUSAFS" -o "api_key_file=$DIR/key,cache_dir=$DIR/cache" \
		    "$URL" "$M" 3>&-
		gone_into_background
		forget_requests
		[ "$(cat "$M/status/state")" = IDLE ]
		[ "$(refused_logins)" -eq 0 ]
		background_ends
	done
}

@test "the password is in no list of processes, mounts or log" {
	fresh buddy
	model "$DIR/model.gcode"
	cp "$DIR/model.gcode" "$S/"
	cat "$M/status.json"
	local found=0 place
	for place in "/proc/$FS_PID/cmdline" "/proc/$FS_PID/environ" \
	    /proc/self/mountinfo "$M/log" "$OUT"; do
		if grep -qaF "$PASSWORD" "$place"; then
			echo "# in $place" >&2
			found=1
		fi
	done
	[ $found -eq 0 ]
}

@test "what mount(8), fstab and systemd add is swallowed" {
	printer buddy
	mounted _netdev,nofail,noauto,auto,user,users,nouser,nousers,owner,group,x-systemd.automount,x-gvfs-show,comment=x,defaults,relatime,norelatime,strictatime,lazytime,nolazytime,nonempty
	cat "$M/version.json"
	unmounted
	mounted rw,nodev,nosuid,noexec,async,noatime,dev,suid,exec,sync,atime,dirsync,default_permissions
	cat "$M/version.json"
}

@test "mount -t fuse.prusafs and -t prusafs work with the noise of fstab" {
	helpers_in_sbin
	printer buddy
	local type
	for type in fuse.prusafs prusafs; do
		forget_requests
		env TMPDIR=/ mount -t "$type" "$URL" "$M" \
		    -o "$(options ,_netdev,nofail,noauto,users,group,x-systemd.automount,comment=x,relatime,lazytime,nodev,nosuid)" \
		    3>&- 8>&-
		gone_into_background
		[ "$(cat "$M/status/state")" = IDLE ]
		background_ends
	done
}

@test "a mount helper that fails says why and mount(8) returns 32" {
	helpers_in_sbin
	printer buddy
	echo wrong >"$DIR/password"
	run mount -t fuse.prusafs "$URL" "$M" -o "$(options)" 3>&- 8>&-
	[ "$status" -eq 32 ]
	[[ $output == *login* ]]
	refute is_mounted
}

@test "an fstab line is enough" {
	helpers_in_sbin
	printer buddy
	printf '%s %s fuse.prusafs %s 0 0\n' "$URL" "$M" \
	    "$(options ,noauto,nofail,_netdev,allow_other)" >"$DIR/fstab"
	mount -T "$DIR/fstab" "$M" 3>&- 8>&-
	gone_into_background
	[ "$(cat "$M/status/state")" = IDLE ]
	background_ends
}

@test "an ordinary user mounts, uses and unmounts" {
	local kind
	need_root
	for kind in $(both); do
		printer "$kind"
		as_nobody
		mounted
		"${RUN_AS[@]}" cat "$M/status.json"
		model "$DIR/model.gcode"
		chmod 644 "$DIR/model.gcode"
		"${RUN_AS[@]}" cp "$DIR/model.gcode" "$S/"
		"${RUN_AS[@]}" sh -c 'echo print >"$1"' sh "$M/control"
		[ "$(stat -c %U "$DIR/mnt" 2>/dev/null)" != root ]
		refute cat "$M/status.json" 2>/dev/null
		"${RUN_AS[@]}" umount "$M"
		eventually is_gone "$FS_PID"
		RUN_AS=()
	done
}

@test "a mount that is refused is one line" {
	need_root
	printer buddy
	as_nobody
	chown root "$M"
	try 4 "$M: cannot be mounted on: fusermount3: " "${RUN_AS[@]}" \
	    "$PRUSAFS" -f -o "user=maker,password_file=$DIR/password" \
	    -o "cache_dir=$DIR/cache" "$URL" "$M"
}

# A mount by a line of fstab with "user" comes without an environment.
@test "without HOME an ordinary user's home is looked up" {
	need_root
	printer buddy
	as_nobody
	local home
	home=$(getent passwd nobody | cut -d: -f6)
	[ ! -e "$home" ] || skip 'nobody has a home'
	try 4 "$home/.cache/prusafs: " "${RUN_AS[@]}" env -i "$PRUSAFS" \
	    -o "password_file=$DIR/password" "$URL" "$M"
	try 3 "$home/.config/prusafs/printers.conf" "${RUN_AS[@]}" \
	    setsid env -i "$PRUSAFS" "$URL" "$M"
}

@test "others see the mount of root with allow_other alone" {
	need_root
	fresh buddy
	refute setpriv --reuid=nobody --clear-groups ls "$M"
	unmounted
	mounted allow_other
	setpriv --reuid=nobody --clear-groups cat "$M/status.json"
	refute setpriv --reuid=nobody --clear-groups \
	    sh -c 'echo pause >"$1"' sh "$M/control"
}

@test "owner and permissions are as told" {
	# Root may look at what is another one's.
	local owner=1234
	[ "$(id -u)" -eq 0 ] || owner=$(id -u)
	fresh buddy "uid=$owner,gid=4321,umask=027,control_mode=0660"
	on_disk a.gcode
	[ "$(stat -c '%u %g %a' "$S")" = "$owner 4321 750" ]
	[ "$(stat -c '%u %g %a' "$S/a.gcode")" = "$owner 4321 640" ]
	[ "$(stat -c '%u %g %a' "$M/control")" = "$owner 4321 660" ]
	unmounted
	mounted 'fmask=0133,dmask=0022'
	[ "$(stat -c %a "$S")" = 755 ]
	[ "$(stat -c %a "$S/a.gcode")" = 644 ]
	[ "$(stat -c %a "$M/control")" = 600 ]
	unmounted
	mounted
	[ "$(stat -c %a "$S" "$S/a.gcode" "$M/log" | xargs)" = '755 644 444' ]
}

@test "a cache directory that others could enter or replace is refused" {
	printer buddy
	local name
	mkdir -m 755 "$DIR/open"
	: >"$DIR/open/of-others"
	mkdir -m 700 "$DIR/there"
	ln -s there "$DIR/link"
	: >"$DIR/file"
	for name in open link file; do
		run "$PRUSAFS" -o "password_file=$DIR/password" \
		    -o "cache_dir=$DIR/$name" "$URL" "$M"
		[ "$status" -eq 4 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *cache_dir* ]]
		refute is_mounted
	done
	[ "$(stat -c %a "$DIR/open")" = 755 ]
	[ -z "$(ls -A "$DIR/there")" ]
	mkdir -m 755 "$DIR/cache"
	mounted
	[ "$(stat -c %a "$DIR/cache")" = 700 ]
}

# As a user of the computer that is not the owner.
other() {
	setpriv --reuid=nobody --regid="${GROUP:-$(id -g nobody)}" \
	    --clear-groups "$@"
}

@test "another user commands, changes and sees nothing that he may not" {
	need_root
	fresh buddy allow_other
	on_disk a.gcode
	local path
	chmod 711 "$DIR"
	other cat "$M/status.json" "$S/a.gcode" >/dev/null
	forget_requests
	refute other bash -c 'echo pause >"$1"' bash "$M/control"
	refute other bash -c ': >"$1"' bash "$S/new.gcode"
	refute other bash -c ': >"$1"' bash "$S/a.tmp"
	refute other bash -c 'echo G28 >>"$1"' bash "$S/a.gcode"
	refute other rm -f "$S/a.gcode"
	refute other mv "$S/a.gcode" "$S/b.gcode"
	refute other mkdir "$S/folder"
	refute other chmod 666 "$M/control"
	refute other truncate -s 0 "$S/a.gcode"
	refute other ls "$DIR/cache"
	assert_requests 0 '^(PUT|POST|DELETE)$'
	for path in "$M"/log /proc/"$FS_PID"/cmdline /proc/self/mountinfo; do
		refute other grep -q "$PASSWORD" "$path"
	done
}

@test "a group may be let in to copy and to command" {
	need_root
	fresh buddy "allow_other,gid=12345,umask=002,control_mode=0660"
	model "$DIR/model.gcode"
	chmod 755 "$DIR"
	chmod 644 "$DIR/model.gcode"
	GROUP=12345 other cp "$DIR/model.gcode" "$S/"
	cmp "$DIR/model.gcode" "$DISK/model.gcode"
	GROUP=12345 other bash -c 'echo print >"$1"' bash "$M/control"
	refute other bash -c 'echo stop >"$1"' bash "$M/control"
}

@test "names that look like formats, options or paths are just names" {
	local kind name
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		for name in '%s%s%n.gcode' '-rf.gcode' '$(reboot).gcode' \
		    "';x.gcode" 'a..gcode' '&a=b.gcode'; do
			# A Raspberry Pi takes no percent sign.
			[ "$kind${name#%s}" = "$kind$name" ] ||
			    [ "$kind" = buddy ] || continue
			cp "$DIR/model.gcode" "$S/$name"
			within 5 cmp "$DIR/model.gcode" "$DISK/$name"
			cmp "$DIR/model.gcode" "$S/$name"
			echo "print $STORAGE/$name" >"$M/control"
			ctl finish
			ctl idle
			rm -- "$S/$name"
		done
		[ -z "$(ls "$S")" ]
	done
}

@test "a mount that is read-only stays so" {
	fresh buddy ro
	on_disk a.gcode
	cat "$M/status.json" "$S/a.gcode" >/dev/null
	assert_fails_with 'Read-only' rm "$S/a.gcode"
	assert_fails_with 'Read-only' cp "$S/a.gcode" "$S/b.gcode"
}

@test "offline_ok mounts a printer that is away, and it comes back" {
	printer buddy
	printer_dies
	mounted offline_ok
	assert_fails_with 'Host is down' cat "$M/status.json"
	[ "$(cat "$M/status/online")" = 0 ]
	printer_again
	within 20 cat "$M/status.json"
	[ "$(cat "$M/status/online")" = 1 ]
}

@test "a stale mount of ours is replaced" {
	fresh buddy
	kill -KILL "$FS_PID"
	wait "$FS_PID" || :
	refute ls "$M" 2>/dev/null
	is_mounted
	# The old mount is still in the table, so look for the files.
	"$PRUSAFS" -o "$(options)" "$URL" "$M" 3>&-
	gone_into_background
	[ "$(cat "$M/status/state")" = IDLE ]
	background_ends
	refute is_mounted
}

@test "a second mount on the same mount point is refused" {
	fresh buddy
	local rc=0
	"$PRUSAFS" -o "$(options)" "$URL" "$M" 2>"$DIR/second" 3>&- || rc=$?
	[ $rc -eq 4 ]
	grep -q 'already mounted' "$DIR/second"
	[ "$(grep -c " $M " /proc/self/mountinfo)" -eq 1 ]
	cd "$DIR"
	refute "$PRUSAFS" -o "$(options)" "$URL" mnt/ 3>&-
	[ "$(grep -c " $M " /proc/self/mountinfo)" -eq 1 ]
}

@test "SIGTERM unmounts and ends with status 0" {
	ignore_leaks
	fresh buddy
	exec 7<"$M/version.json"
	kill -TERM "$FS_PID"
	eventually is_gone "$FS_PID"
	wait "$FS_PID"
	FS_PID=
	exec 7<&-
	refute is_mounted
}

@test "a lazy unmount always works" {
	fresh buddy
	exec 7<"$M/version.json"
	umount -l "$M"
	exec 7<&-
	eventually is_gone "$FS_PID"
	wait "$FS_PID"
	FS_PID=
}

@test "idle means idle: no request while nobody reads" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		cat "$M/status.json" >/dev/null
		assert_requests 1 . status
		forget_requests
		# Three times the life of a document.
		refute within 3 test -s "$DIR/requests"
		assert_requests 0
		unmounted
	done
}
