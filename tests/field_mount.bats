# The mount itself where people do not do as expected: other mounts over ours,
# mount points under other spellings, calls of walkers and of NFS servers.
load helper

ended() {
	! kill -0 "$FS_PID" 2>/dev/null
}

# The daemon goes at the end, whatever its mount has become.
terminate() {
	kill -TERM "$FS_PID"
	eventually ended
	wait "$FS_PID" || :
	FS_PID=
}

other_is_there() {
	mountpoint -q "$M" && [ "$(stat -f -c %T "$M")" = tmpfs ]
}

@test "the daemon's end leaves what was mounted there meanwhile" {
	need_root
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk a.gcode
		exec 8<"$S/a.gcode"
		umount -l "$M"
		mount -t tmpfs none "$M"
		terminate
		other_is_there
		exec 8<&-
		other_is_there
		umount "$M"
	done
}

@test "the last close after umount -l leaves what was mounted there" {
	need_root
	fresh buddy
	on_disk a.gcode
	exec 8<"$S/a.gcode"
	umount -l "$M"
	mount -t tmpfs none "$M"
	exec 8<&-
	eventually ended
	other_is_there
	umount "$M"
	wait "$FS_PID" || :
	FS_PID=
}

@test "the end of a detached mount leaves a second mount of ours" {
	need_root
	fresh buddy
	on_disk a.gcode
	exec 8<"$S/a.gcode"
	umount -l "$M"
	local first=$FS_PID
	mounted
	local second=$FS_PID
	FS_PID=$first
	terminate
	exec 8<&-
	FS_PID=$second
	is_mounted
	[ "$(cat "$M/status/online")" = 1 ]
}

@test "the daemon's end leaves a mount over its own in place" {
	need_root
	fresh buddy
	mount -t tmpfs none "$M"
	terminate
	other_is_there
	umount "$M"
	# Ours was below, and is dead now.
	is_mounted
	umount "$M"
}

# The daemon is killed, its mount stays; mount again by that name.
replaced_as() {
	kill -KILL "$FS_PID"
	wait "$FS_PID" || :
	"${RUN_AS[@]}" "$PRUSAFS" -f -o \
	    "user=maker,password_file=$DIR/password,cache_dir=$DIR/cache" \
	    "$URL" "$1" >"$OUT" 2>&1 3>&- &
	FS_PID=$!
	eventually answers_or_dead
	answers
}

answers() {
	[ "$("${RUN_AS[@]}" timeout 5 cat "$M/status/online")" = 1 ]
}

answers_or_dead() {
	answers || ended
}

replaced_under_all_names() {
	mounted
	ln -s mnt "$DIR/link"
	mkdir "$DIR/below"
	cd "$DIR"
	replaced_as mnt
	replaced_as mnt/
	replaced_as ./mnt
	replaced_as "$DIR/below/../mnt/"
	replaced_as link
	replaced_as "$DIR/link/"
	cd below
	replaced_as ../mnt
	replaced_as ..//mnt/.
	# One mount, not one over the other.
	[ "$(grep -c " $M " /proc/self/mountinfo)" -eq 1 ]
}

@test "a dead mount is replaced under whatever name it is given" {
	printer buddy
	replaced_under_all_names
}

@test "an ordinary user's dead mount is replaced under any name, too" {
	printer buddy
	as_nobody
	replaced_under_all_names
}

@test "a mount that lives is not replaced under any of its names" {
	fresh buddy
	ln -s mnt "$DIR/link"
	local name
	for name in "$M" "$M/" "$DIR/link" mnt ./mnt/; do
		cd "$DIR"
		assert_fails_with 'already mounted' "$PRUSAFS" -f -o \
		    "password_file=$DIR/password,cache_dir=$DIR/cache" \
		    "$URL" "$name"
		answers
	done
}

@test "a directory does not say how many directories are in it" {
	local kind path unsent
	for kind in buddy pi obico; do
		fresh "$kind"
		unsent=$P/unsent
		[ "$kind" != obico ] || unsent=$M/unsent
		mkdir "$S/sub"
		for path in "$M" "$P" "$P/status" "$unsent" "$S" "$S/sub"; do
			echo "# $path"
			[ "$(stat -c %h "$path")" -eq 1 ]
		done
	done
}

@test "find sees the files of every sub-directory" {
	fresh buddy
	mkdir "$S/one" "$S/one/two"
	on_disk one/two/deep.gcode
	on_disk top.gcode
	echo refresh >"$M/control"
	[ "$(find "$S" -type f | wc -l)" -eq 2 ]
}

@test "mknod of a regular file is a create" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		python3 - "$S/new.gcode" <<-'END'
		import os, stat, sys
		os.mknod(sys.argv[1], stat.S_IFREG | 0o644)
		END
		[ "$(stat -c %s "$S/new.gcode")" -eq 0 ]
		assert_requests 0 PUT
		model "$DIR/model.gcode"
		cat "$DIR/model.gcode" >"$S/new.gcode"
		cmp "$DIR/model.gcode" "$DISK/new.gcode"
		assert_requests 1 PUT
	done
}

@test "mknod keeps to the rules of create" {
	fresh buddy
	on_disk there.gcode
	run python3 - "$S" "$M" <<-'END'
	import errno, os, stat, sys
	storage, root = sys.argv[1:]
	def refused(path, mode, wanted):
	    try:
	        os.mknod(path, mode)
	    except OSError as error:
	        print(path, errno.errorcode[error.errno])
	        return error.errno == wanted
	    print(path, "was made")
	    return False
	ok = [refused(storage + "/there.gcode", stat.S_IFREG, errno.EEXIST),
	    refused(storage + "/notes.txt", stat.S_IFREG, errno.EINVAL),
	    refused(storage + "/fifo.gcode", stat.S_IFIFO, errno.EPERM),
	    refused(storage + "/sock.gcode", stat.S_IFSOCK, errno.EPERM),
	    refused(root + "/status/new", stat.S_IFREG, errno.EPERM)]
	sys.exit(not all(ok))
	END
	echo "$output"
	[ "$status" -eq 0 ]
	assert_requests 0 PUT
}
