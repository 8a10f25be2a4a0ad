#!/usr/bin/env bats
# Programs and how each of them writes: file managers, editors, slicers, text
# tools, trees.  One PUT each, and the printer's refusal is heard.
load helper

# A model that the text tools leave as it is: lines in order.
ordered() {
	awk 'BEGIN { for (i = 10000; i < 14000; i++) print "; " i " line" }' \
	    >"$1"
}

# Each makes a file like $1 at $2, which may be there already.
make_thunar() { cp "$1" "$2.partial~" && mv "$2.partial~" "$2"; }
make_kio() { "$TOOLS/kio" "$1" "$2"; }
make_cura() {
	python3 - "$1" "$2" <<-'END'
	import sys
	with open(sys.argv[1]) as model, open(sys.argv[2], "w") as out:
	    for line in model:
	        out.write(line)
	END
}
make_curl() { curl -sS -o "$2" "file://$1"; }
make_awk() { awk -v out="$2" '{ print > out }' "$1"; }
make_sort() { sort -o "$2" "$1"; }
make_perl() {
	perl -e 'open(my $in, "<", $ARGV[0]) or die;
	    open(my $out, ">", $ARGV[1]) or die "perl: $!\n";
	    print $out $_ while <$in>;
	    close($out) or die "perl: $!\n"' "$1" "$2"
}
make_sponge() {
	# One handle that is written twice, with a sync between.
	python3 - "$1" "$2" <<-'END'
	import os, sys
	data = open(sys.argv[1], "rb").read()
	out = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT | os.O_TRUNC)
	os.write(out, data[:100])
	os.fsync(out)
	os.write(out, data[100:])
	os.fdatasync(out)
	os.close(out)
	END
}
make_mmap() {
	# Written through a shared mapping, last byte first.
	python3 - "$1" "$2" <<-'END'
	import mmap, os, sys
	data = open(sys.argv[1], "rb").read()
	out = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT | os.O_TRUNC)
	os.ftruncate(out, len(data))
	with mmap.mmap(out, len(data)) as view:
	    view[-1:] = data[-1:]
	    view[:-1] = data[:-1]
	    view.flush()
	os.close(out)
	END
}
make_backwards() {
	python3 - "$1" "$2" <<-'END'
	import os, sys
	data = open(sys.argv[1], "rb").read()
	out = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
	for at in range(len(data) // 1000 * 1000, -1, -1000):
	    os.pwrite(out, data[at:at + 1000], at)
	os.close(out)
	END
}
make_gio_move() {
	cp "$1" "$1.moved"
	gio move "$1.moved" "$2"
}
make_shutil_move() {
	cp "$1" "$1.moved"
	python3 -c 'import shutil, sys; shutil.move(*sys.argv[1:])' \
	    "$1.moved" "$2"
}
make_vim() {
	[ -e "$2" ] || cp "$1" "$2"
	vim.tiny -es -u NONE -c '1,$d' -c "0r $1" -c wq "$2"
}

programs='thunar kio cura curl awk sort perl sponge mmap backwards gio_move
	shutil_move'

arrived() {
	within 5 cmp "$1" "$DISK/$2"
}

@test "every program makes a model with one PUT" {
	local kind program
	for kind in $(both); do
		fresh "$kind"
		ordered "$DIR/model.gcode"
		for program in $programs; do
			echo "# program: $program"
			forget_requests
			"make_$program" "$DIR/model.gcode" "$S/new.gcode"
			arrived "$DIR/model.gcode" new.gcode
			assert_one_put
			[ "$(ls -A "$S")" = new.gcode ]
			rm "$S/new.gcode"
		done
	done
}

@test "every program replaces a model with one PUT" {
	local kind program
	for kind in $(both); do
		fresh "$kind"
		ordered "$DIR/model.gcode"
		model "$DIR/old.gcode" 50000
		for program in $programs vim; do
			echo "# program: $program"
			cp "$DIR/old.gcode" "$S/model.gcode"
			forget_requests
			"make_$program" "$DIR/model.gcode" "$S/model.gcode"
			arrived "$DIR/model.gcode" model.gcode
			assert_one_put
			[ "$(ls -A "$S")" = model.gcode ]
		done
	done
}

@test "every program hears a refusal, and the bytes are in unsent" {
	local kind program
	for kind in $(both); do
		fresh "$kind"
		ordered "$DIR/model.gcode"
		model "$DIR/old.gcode" 50000
		for program in $programs; do
			echo "# program: $program"
			cp "$DIR/old.gcode" "$S/model.gcode"
			ctl fail PUT /api/v1/files 507 1 It is full
			forget_requests
			refute "make_$program" "$DIR/model.gcode" \
			    "$S/model.gcode"
			assert_requests 1 '^PUT$'
			rm -f "$S"/*.part* "$DIR"/*.moved
			case $program in
			gio_move | shutil_move) ;;
			*) cmp "$DIR/model.gcode" "$M/unsent/model.gcode" ;;
			esac
			[ ! -e "$M/unsent/model.gcode" ] ||
			    rm "$M/unsent/model.gcode"
			rm -f "$S/model.gcode"
		done
	done
}

@test "sed -i and vim hear a refusal and lose nothing" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		printf 'G28\nG1 X1\n' >"$DIR/old.gcode"
		cp "$DIR/old.gcode" "$S/a.gcode"
		ctl fail PUT /api/v1/files 507 1 It is full
		assert_fails_with 'No space left' \
		    sed -i s/G28/G29/ "$S/a.gcode"
		cmp "$DIR/old.gcode" "$S/a.gcode"
		rm -f "$S"/sed*
		ctl fail PUT /api/v1/files 507 1 It is full
		refute vim.tiny -es -u NONE -c '%s/G28/G30/' -c wq \
		    "$S/a.gcode"
		within 10 cmp "$DIR/old.gcode" "$S/a.gcode"
		printf 'G30\nG1 X1\n' | cmp - "$M/unsent/a.gcode"
		cmp "$DIR/old.gcode" "$DISK/a.gcode"
	done
}

# nano TEXT FILE: type it at the beginning, save, leave.  The keys wait until
# the screen tells that they are wanted.
type_in_nano() {
	local text=$1 file=$2
	python3 - "$text" "$file" <<-'END'
	import os, pty, select, sys, time
	pid, fd = pty.fork()
	if pid == 0:
	    os.environ["TERM"] = "xterm"
	    os.execvp("nano", ["nano", "-I", sys.argv[2]])
	screen = b""
	def wait_for(*words):
	    global screen
	    end = time.monotonic() + 20
	    while not any(word in screen for word in words):
	        left = end - time.monotonic()
	        if left < 0 or not select.select([fd], [], [], left)[0]:
	            sys.exit("nano never said %s: %r" % (words, screen[-300:]))
	        screen += os.read(fd, 4096)
	    screen = b""
	wait_for(b"Help")
	os.write(fd, sys.argv[1].encode() + b"\x0f")
	wait_for(b"Write")
	os.write(fd, b"\r")
	wait_for(b"Wrote", b"Error")
	os.write(fd, b"\x18n")
	try:
	    while os.read(fd, 4096):
	        pass
	except OSError:
	    pass
	os.waitpid(pid, 0)
	END
}

@test "nano changes a model with one PUT" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		printf 'G28\nG1 X1\n' >"$DIR/old.gcode"
		cp "$DIR/old.gcode" "$S/a.gcode"
		forget_requests
		type_in_nano M84 "$S/a.gcode"
		printf 'M84G28\nG1 X1\n' >"$DIR/new.gcode"
		arrived "$DIR/new.gcode" a.gcode
		assert_one_put
		[ "$(ls -A "$S")" = a.gcode ]
	done
}

@test "pieces that are appended are one PUT each, and add up" {
	local kind piece
	for kind in $(both); do
		fresh "$kind"
		ordered "$DIR/model.gcode"
		split -n 3 "$DIR/model.gcode" "$DIR/piece."
		for piece in "$DIR"/piece.*; do
			cat "$piece" >>"$S/sum.gcode"
		done
		arrived "$DIR/model.gcode" sum.gcode
		assert_requests 3 '^PUT$'
		rm "$S/sum.gcode"
		forget_requests
		for piece in "$DIR"/piece.*; do
			cat "$piece"
		done >"$S/sum.gcode"
		arrived "$DIR/model.gcode" sum.gcode
		assert_one_put
	done
}

@test "truncate makes and cuts a model, touch sends nothing" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		truncate -s 5000 "$S/zeros.gcode"
		assert_one_put
		head -c 5000 /dev/zero | cmp - "$S/zeros.gcode"
		forget_requests
		truncate -s 3000 "$S/zeros.gcode"
		assert_one_put
		head -c 3000 /dev/zero >"$DIR/want"
		arrived "$DIR/want" zeros.gcode
		forget_requests
		touch "$S/zeros.gcode" "$S/new.gcode"
		sync "$S/zeros.gcode"
		assert_requests 0 '^(PUT|DELETE)$'
		[ "$(stat -c %s "$S/zeros.gcode")" -eq 3000 ]
	done
}

# A tree of models below $1.
tree() {
	mkdir -p "$1/one/two" "$1/three"
	model "$1/a.gcode" 10000
	model "$1/one/b.gcode" 20000
	model "$1/one/two/c.gcode" 30000
	model "$1/three/d.gcode" 40000
}

bring_cp_a() { cp -a "$1/." "$2/"; }
bring_rsync() { rsync -a "$1/" "$2/"; }
bring_tar() { tar -C "$1" -c . | tar -C "$2" -x; }
bring_mv() {
	cp -a "$1" "$1.moved"
	mv "$1.moved"/* "$2/" && rmdir "$1.moved"
}
bring_gio() { gio copy "$1"/*.gcode "$2/" && cp -r "$1/one" "$1/three" "$2/"; }
bring_shutil() {
	python3 -c 'import shutil, sys
shutil.copytree(sys.argv[1], sys.argv[2], dirs_exist_ok=True)' "$1" "$2"
}

@test "every tool brings a tree in, one PUT a file, and rm -r takes it away" {
	local kind tool
	for kind in $(both); do
		fresh "$kind"
		tree "$DIR/tree"
		for tool in cp_a rsync tar mv gio shutil; do
			echo "# tool: $tool"
			mkdir "$S/tree"
			forget_requests
			"bring_$tool" "$DIR/tree" "$S/tree"
			eventually diff -r "$DIR/tree" "$DISK/tree"
			diff -r "$DIR/tree" "$S/tree"
			assert_requests 4 '^PUT$' gcode
			rm -r "$S/tree"
			eventually refute test -e "$DISK/tree"
		done
	done
}

@test "rsync -a --delete makes the printer's tree the same, and then does nothing" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		tree "$DIR/tree"
		mkdir "$S/tree"
		rsync -a --delete "$DIR/tree/" "$S/tree/"
		rm -r "$DIR/tree/three"
		model "$DIR/tree/one/b.gcode" 25000
		model "$DIR/tree/e.gcode" 5000
		forget_requests
		rsync -a --delete "$DIR/tree/" "$S/tree/"
		eventually diff -r "$DIR/tree" "$DISK/tree"
		assert_requests 2 '^PUT$'
		assert_requests 2 '^DELETE$'
		forget_requests
		rsync -a --delete "$DIR/tree/" "$S/tree/"
		assert_requests 0 '^(PUT|DELETE)$'
	done
}

@test "mv and gio move take a model out, and it is gone from the printer" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		cp "$DIR/model.gcode" "$S/one.gcode"
		cp "$DIR/model.gcode" "$S/two.gcode"
		mv "$S/one.gcode" "$DIR/one.gcode"
		gio move "$S/two.gcode" "$DIR/two.gcode"
		cmp "$DIR/model.gcode" "$DIR/one.gcode"
		cmp "$DIR/model.gcode" "$DIR/two.gcode"
		[ -z "$(ls -A "$S")" ]
		eventually refute test -e "$DISK/two.gcode"
	done
}

@test "with the preview held, a second write of a name is EBUSY and not lost" {
	local program
	printer buddy --preview hold
	mounted
	ordered "$DIR/model.gcode"
	model "$DIR/old.gcode" 50000
	for program in $programs; do
		echo "# program: $program"
		ctl dismiss
		cp "$DIR/old.gcode" "$S/model.gcode"
		# Programs that remove what is in their way hear it there.
		forget_requests
		refute "make_$program" "$DIR/model.gcode" "$S/model.gcode"
		assert_requests_at_most 1 '^PUT$'
		rm -f "$S"/*.part* "$DIR"/*.moved
		cmp "$DIR/old.gcode" "$DISK/model.gcode"
		grep -q 'dismiss the preview' "$M/log"
		case $program in
		gio_move | shutil_move) ;;
		*) cmp "$DIR/model.gcode" "$M/unsent/model.gcode" ;;
		esac
		[ ! -e "$M/unsent/model.gcode" ] || rm "$M/unsent/model.gcode"
	done
}
