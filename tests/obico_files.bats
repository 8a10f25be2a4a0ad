#!/usr/bin/env bats
# The cloud folder of an Obico account, beside its printers.
load helper

API=api/v1

# api METHOD TARGET [JSON]: behind the mount's back.
api() {
	local body=()
	[ $# -lt 3 ] || body=(-H 'Content-Type: application/json' -d "$3")
	curl -sf -X "$1" -H "Authorization: Bearer $TOKEN" "${body[@]}" \
	    "$URL/$API/$2"
}

# cloud FILENAME [FOLDER-ID [FILE]]: another upload; tells its id.
cloud() {
	local form=(-F "filename=$1")
	[ -z "${2-}" ] || form+=(-F "parent_folder=$2")
	[ -z "${3-}" ] || form+=(-F "file=@$3")
	curl -sf -H "Authorization: Bearer $TOKEN" "${form[@]}" \
	    "$URL/$API/g_code_files/" | jq -r .id
}

cloud_folder() {
	api POST g_code_folders/ \
	    "$(jq -n --arg name "$1" --arg parent "${2-}" \
		'{$name} + if $parent == "" then {} else
		    {parent_folder: ($parent | tonumber)} end')" | jq -r .id
}

# The names of the files in a folder, as the server has them.
cloud_names() {
	api GET "g_code_files/?parent_folder=${1-null}&page_size=1000" |
	    jq -r '.results[].filename' | sort
}

# The bytes of the only file of that name.
cloud_bytes() {
	local url
	url=$(api GET "g_code_files/?parent_folder=${2-null}&page_size=1000" |
	    jq -r --arg name "$1" \
		'.results[] | select(.filename == $name) | .url')
	curl -sf "$URL/${url#*://*/}"
}

# The methods of the requests that change something, in their order.
changes() {
	jq -r 'select(.method != "GET") | .method' "$DIR/requests" | xargs
}

setup_cloud() {
	printer obico
	model "$DIR/a.gcode" 3000
	model "$DIR/b.gcode" 5000
}

@test "what is in the cloud folder is listed and read" {
	setup_cloud
	local parts
	parts=$(cloud_folder parts)
	cloud a.gcode '' "$DIR/a.gcode"
	cloud 'žluťoučký kůň.gcode' "$parts" "$DIR/b.gcode"
	mounted
	[ "$(ls "$S")" = $'a.gcode\nparts' ]
	assert_requests 1 '^GET$' g_code_files/
	assert_requests 1 '^GET$' g_code_folders/
	[ "$(ls "$S/parts")" = 'žluťoučký kůň.gcode' ]
	[ "$(stat -c '%s %F' "$S/a.gcode")" = '3000 regular file' ]
	[ "$(stat -c %F "$S/parts")" = directory ]
	cmp "$DIR/a.gcode" "$S/a.gcode"
	cmp "$DIR/b.gcode" "$S/parts/žluťoučký kůň.gcode"
	assert_requests 2 '^GET$' ^/media/
	cat "$S/a.gcode" >/dev/null
	assert_requests 2 '^GET$' ^/media/
	[ "$(changes)" = '' ]
}

@test "the bytes come from the server itself, whatever host it tells" {
	setup_cloud
	ctl site obico.example.com
	cloud a.gcode '' "$DIR/a.gcode"
	mounted
	cmp "$DIR/a.gcode" "$S/a.gcode"
}

@test "a time stamp is that of the upload, and a rename leaves it" {
	setup_cloud
	local id created
	id=$(cloud a.gcode '' "$DIR/a.gcode")
	created=$(date -d "$(api GET "g_code_files/$id/" |
	    jq -r .created_at)" +%s)
	mounted
	[ "$(stat -c %Y "$S/a.gcode")" -eq "$created" ]
	until [ "$(date +%s)" -gt "$created" ]; do sleep 0.1; done
	mv "$S/a.gcode" "$S/c.gcode"
	[ "$(stat -c %Y "$S/c.gcode")" -eq "$created" ]
}

@test "any name becomes one that can be, and no two are the same" {
	setup_cloud
	local long file count
	long=$(printf 'é%.0s' {1..300})
	cloud 'a/b.gcode' '' "$DIR/a.gcode"
	cloud 'a_b.gcode' '' "$DIR/b.gcode"
	cloud '.hidden' '' "$DIR/a.gcode"
	cloud '..' '' "$DIR/a.gcode"
	cloud $'tab\there' '' "$DIR/a.gcode"
	cloud "$long" '' "$DIR/a.gcode"
	cloud "$long" '' "$DIR/b.gcode"
	cloud_folder 'x_y'
	cloud 'x_y' '' "$DIR/a.gcode"
	mounted
	ls "$S"
	[ "$(find "$S" -mindepth 1 | wc -l)" -eq 9 ]
	[ -f "$S/a_b.gcode" ]
	[ -f "$S/a_b.gcode (1)" ]
	[ -f "$S/_hidden" ]
	[ -f "$S/_." ]
	[ -f "$S/tab_here" ]
	[ -d "$S/x_y" ]
	[ -f "$S/x_y (8)" ]
	while IFS= read -r file; do
		[ "$(basename "$file" | wc -c)" -le 256 ]
		cat "$file" >/dev/null
	done < <(find "$S" -type f)
	rm -r "${S:?}"/*
	count=$(api GET 'g_code_files/' | jq .count)
	[ "$count" -eq 0 ]
}

@test "of several files with one name the newest has it, and none changes" {
	setup_cloud
	cloud same.gcode '' "$DIR/b.gcode"
	cloud same.gcode '' "$DIR/b.gcode"
	cloud same.gcode '' "$DIR/a.gcode"
	mounted
	[ "$(ls "$S")" = $'same.gcode\nsame.gcode (1)\nsame.gcode (2)' ]
	cmp "$DIR/a.gcode" "$S/same.gcode"
	rm "$S/same.gcode"
	[ "$(ls "$S")" = $'same.gcode (1)\nsame.gcode (2)' ]
	cp "$DIR/a.gcode" "$S/same.gcode"
	[ "$(ls "$S")" = $'same.gcode\nsame.gcode (1)\nsame.gcode (2)' ]
	cp "$DIR/b.gcode" "$S/same.gcode"
	[ "$(ls "$S")" = $'same.gcode\nsame.gcode (1)\nsame.gcode (2)' ]
	cmp "$DIR/b.gcode" "$S/same.gcode"
	mv "$S/same.gcode (1)" "$S/one.gcode"
	[ "$(ls "$S")" = $'one.gcode\nsame.gcode\nsame.gcode (2)' ]
}

@test "a folder with more than a page is listed whole" {
	setup_cloud
	local i
	for ((i = 0; i < 450; i++)); do
		[ "$i" -eq 0 ] || echo next
		echo "url = $URL/$API/g_code_files/"
		echo "header = \"Authorization: Bearer $TOKEN\""
		echo "form = \"filename=m$i.gcode\""
		echo "form = \"file=@$DIR/a.gcode\""
		echo "output = /dev/null"
	done >"$DIR/many"
	curl -sf -K "$DIR/many"
	mounted
	[ "$(find "$S" -type f | wc -l)" -eq 450 ]
	assert_requests 3 '^GET$' 'g_code_files/\?'
}

@test "a folder that is too much for one answer is asked for in pieces" {
	setup_cloud
	local i
	for i in 1 2 3 4 5 6 7; do
		cloud "m$i.gcode" '' "$DIR/a.gcode"
	done
	mounted ttl=600
	ls "$P"
	forget_requests
	# Of a file that was printed often much is told.
	ctl hostile huge 1
	[ "$(find "$S" -type f | wc -l)" -eq 7 ]
	assert_requests_at_most 5 '^GET$' 'g_code_'
	mkdir "$S/new"
	ctl hostile huge 9
	assert_fails_with 'Protocol error' ls "$S/new"
}

@test "a copy is one upload of the same bytes" {
	setup_cloud
	mounted
	cp "$DIR/a.gcode" "$S/a.gcode"
	[ "$(changes)" = POST ]
	cmp "$DIR/a.gcode" "$S/a.gcode"
	assert_requests 0 '^GET$' ^/media/
	cmp "$DIR/a.gcode" <(cloud_bytes a.gcode)
	mkdir "$S/parts"
	cp "$DIR/b.gcode" "$S/parts/ž ěš\"é.gcode"
	cmp "$DIR/b.gcode" <(cloud_bytes $'ž ěš"é.gcode' 1)
	[ "$(ls "$S/parts")" = $'ž ěš"é.gcode' ]
}

@test "what is moved to another account or printer is copied and deleted" {
	local kind others=()
	setup_cloud
	cloud a.gcode '' "$DIR/a.gcode"
	printf '[cloud]\ntype = obico\nurl = %s\ntoken_file = token\n' "$URL" \
	    >"$DIR/printers.conf"
	for kind in obico buddy; do
		"$SIMPRINTER" --personality $kind --port 0 \
		    --storage "$DIR/$kind" --token "$TOKEN" \
		    --password "$PASSWORD" --preview off \
		    >"$DIR/$kind.ready" 2>"$DIR/$kind.err" 3>&- &
		others+=($!)
		eventually grep -q READY "$DIR/$kind.ready"
	done
	cat >>"$DIR/printers.conf" <<-EOF
	[sky]
	type = obico
	url = $(sed -n 's/^READY //p' "$DIR/obico.ready")
	token_file = token
	[mk4]
	url = $(sed -n 's/^READY //p' "$DIR/buddy.ready")
	password_file = password
	EOF
	"$PRUSAFS" -f -o "cache_dir=$DIR/cache" "$DIR/printers.conf" "$M" \
	    >"$OUT" 2>&1 3>&- &
	FS_PID=$!
	eventually is_mounted
	local cloud="$M/cloud/gcodes"
	local sky="$M/sky/gcodes"
	# Both have the number 1.
	cp "$DIR/b.gcode" "$sky/keep.gcode"
	mv "$cloud/a.gcode" "$sky/"
	[ "$(ls "$cloud")" = '' ]
	[ "$(ls "$sky")" = $'a.gcode\nkeep.gcode' ]
	cmp "$DIR/a.gcode" "$sky/a.gcode"
	cmp "$DIR/b.gcode" "$sky/keep.gcode"
	mv "$sky/a.gcode" "$M/mk4/usb/"
	[ "$(ls "$sky")" = keep.gcode ]
	cmp "$DIR/a.gcode" "$M/mk4/usb/a.gcode"
	cp "$DIR/b.gcode" "$M/mk4/usb/.b.gcode.tmp"
	mv "$M/mk4/usb/.b.gcode.tmp" "$cloud/b.gcode"
	mv "$M/mk4/usb/a.gcode" "$cloud/"
	[ "$(ls -A "$M/mk4/usb")" = '' ]
	[ "$(cloud_names)" = $'a.gcode\nb.gcode' ]
	unmounted
	kill "${others[@]}"
	wait "${others[@]}"
}

@test "what another program replaced within a second is read anew" {
	setup_cloud
	model "$DIR/c.gcode" 3000
	sed -i '1s/./!/' "$DIR/c.gcode"
	mounted
	until [ "$(date +%1N)" -lt 3 ]; do sleep 0.05; done
	cp "$DIR/a.gcode" "$S/x.gcode"
	cat "$S/x.gcode" >/dev/null
	api POST g_code_files/bulk_delete/ \
	    "{\"file_ids\":[$(api GET g_code_files/ |
		jq '.results[0].id')]}"
	cloud x.gcode '' "$DIR/c.gcode"
	echo refresh >"$M/control"
	eventually cmp "$DIR/c.gcode" "$S/x.gcode"
}

@test "what is replaced goes when the new file is there, never before" {
	setup_cloud
	mounted
	cp "$DIR/a.gcode" "$S/c.gcode"
	forget_requests
	cp "$DIR/b.gcode" "$S/c.gcode"
	[ "$(changes)" = 'POST DELETE' ]
	[ "$(cloud_names)" = c.gcode ]
	cmp "$DIR/b.gcode" <(cloud_bytes c.gcode)
	forget_requests
	ctl fail POST /api/v1/g_code_files/ 500 1
	refute cp "$DIR/a.gcode" "$S/c.gcode"
	[ "$(changes)" = POST ]
	cmp "$DIR/b.gcode" "$S/c.gcode"
	cmp "$DIR/b.gcode" <(cloud_bytes c.gcode)
	cmp "$DIR/a.gcode" "$M/unsent/c.gcode"
	mv "$M/unsent/c.gcode" "$S/c.gcode"
	cmp "$DIR/a.gcode" <(cloud_bytes c.gcode)
}

@test "what cannot be deleted after a replacement is told and stays" {
	setup_cloud
	mounted
	cp "$DIR/a.gcode" "$S/c.gcode"
	ctl fail DELETE /api/v1/g_code_files/ 503 1
	cp "$DIR/b.gcode" "$S/c.gcode"
	grep -q 'c.gcode was stored; the file that it replaces could not' \
	    "$M/log"
	cmp "$DIR/b.gcode" "$S/c.gcode"
	cmp "$DIR/a.gcode" "$S/c.gcode (1)"
}

@test "what somebody else stores under the name meanwhile is his" {
	setup_cloud
	mounted
	ls "$S"
	forget_requests
	ctl latency 1000
	ctl fail POST /api/v1/g_code_files/ 500 1
	cp "$DIR/a.gcode" "$S/c.gcode" &
	eventually has_requests 1 '^GET$' 'g_code_files/[?]'
	# The upload fails, and what became of it is looked for a second later.
	cloud c.gcode '' "$DIR/b.gcode"
	ctl latency 0
	refute wait $!
	[ "$(cloud_names)" = c.gcode ]
	cmp "$DIR/b.gcode" <(cloud_bytes c.gcode)
	cmp "$DIR/a.gcode" "$M/unsent/c.gcode"
}

@test "an upload whose answer was lost is found, and not sent again" {
	setup_cloud
	mounted
	ctl lose-response POST 1
	cp "$DIR/a.gcode" "$S/a.gcode"
	[ "$(changes)" = POST ]
	ctl lose-response POST 1
	cp "$DIR/b.gcode" "$S/a.gcode"
	[ "$(changes)" = 'POST POST DELETE' ]
	[ "$(cloud_names)" = a.gcode ]
	cmp "$DIR/b.gcode" "$S/a.gcode"
	ctl cut-upload-after 1000 1
	refute cp "$DIR/a.gcode" "$S/b.gcode"
	[ "$(cloud_names)" = a.gcode ]
	[ "$(ls "$S")" = a.gcode ]
	cmp "$DIR/a.gcode" "$M/unsent/b.gcode"
}

@test "what Obico does not store is refused before a byte is sent" {
	setup_cloud
	mounted
	assert_fails_with 'Invalid argument' cp "$DIR/a.gcode" "$S/a.bgcode"
	assert_fails_with 'Invalid argument' cp "$DIR/a.gcode" "$S/ a.gcode"
	assert_fails_with 'Invalid argument' mkdir "$S/parts "
	printf 'GCDE\x01\x97\xfe' >"$DIR/binary.gcode"
	assert_fails_with 'Invalid argument' cp "$DIR/binary.gcode" "$S/"
	grep -q 'binary.gcode: Obico stores text only' "$M/log"
	head -c 1048575 /dev/zero | tr '\0' 'g' >"$DIR/cut.gcode"
	echo é >>"$DIR/cut.gcode"
	assert_fails_with 'Invalid argument' cp "$DIR/cut.gcode" "$S/"
	[ "$(changes)" = '' ]
	head -c 1048574 "$DIR/cut.gcode" >"$DIR/good.gcode"
	echo é >>"$DIR/good.gcode"
	cp "$DIR/good.gcode" "$S/"
	cmp "$DIR/good.gcode" <(cloud_bytes good.gcode)
}

@test "a file that is too large for the account is EFBIG" {
	setup_cloud
	mounted
	ctl fail POST /api/v1/g_code_files/ 413 1
	assert_fails_with 'File too large' cp "$DIR/a.gcode" "$S/"
	[ "$(ls "$S")" = '' ]
	assert_fails_with 'File too large' truncate -s 600M "$S/huge.gcode"
}

@test "bytes that came out shorter are not taken for the file" {
	setup_cloud
	mounted verify=full
	cp "$DIR/a.gcode" "$S/"
	assert_requests 1 '^GET$' ^/media/
	cmp "$DIR/a.gcode" "$S/a.gcode"
}

@test "folders are made, and one that Obico takes for another is EEXIST" {
	setup_cloud
	mounted
	mkdir -p "$S/new one/sub"
	[ -d "$S/new one/sub" ]
	[ "$(changes)" = 'POST POST' ]
	assert_fails_with 'File exists' mkdir "$S/new?one"
	grep -q 'takes it for the same name as that of the folder new one' \
	    "$M/log"
	assert_fails_with 'File exists' mkdir "$S/new one"
	[ "$(changes)" = 'POST POST' ]
	mkdir "$S/new one/new?one"
	ctl lose-response POST 1
	mkdir "$S/lost"
	[ "$(ls "$S")" = $'lost\nnew one' ]
}

@test "only an empty folder is removed" {
	setup_cloud
	mounted
	mkdir "$S/parts"
	cp "$DIR/a.gcode" "$S/parts/"
	assert_fails_with 'not empty' rmdir "$S/parts"
	assert_requests 0 '^DELETE$'
	rm "$S/parts/a.gcode"
	rmdir "$S/parts"
	[ "$(ls "$S")" = '' ]
	mkdir "$S/parts"
	ls "$S/parts"
	cloud b.gcode 2 "$DIR/b.gcode"
	assert_fails_with 'not empty' rmdir "$S/parts"
	[ "$(cloud_names 2)" = b.gcode ]
}

@test "a deletion whose answer was lost is looked for" {
	setup_cloud
	mounted
	cp "$DIR/a.gcode" "$S/"
	ctl lose-response DELETE 2
	rm "$S/a.gcode"
	[ "$(ls "$S")" = '' ]
	[ "$(cloud_names)" = '' ]
}

@test "a success that is not the server's own is none" {
	setup_cloud
	mounted
	cp "$DIR/a.gcode" "$S/"
	mkdir "$S/parts"
	ctl fail DELETE /api/v1/g_code_files/ 200 1
	assert_fails_with 'Protocol error' rm "$S/a.gcode"
	[ "$(cloud_names)" = a.gcode ]
	ctl fail DELETE /api/v1/g_code_folders/ 200 1
	assert_fails_with 'Protocol error' rmdir "$S/parts"
	ctl fail POST /api/v1/g_code_folders/ 200 1
	assert_fails_with 'Protocol error' mkdir "$S/new"
	[ "$(ls "$S")" = $'a.gcode\nparts' ]
	ctl fail DELETE /api/v1/g_code_files/ 200 1
	cp "$DIR/b.gcode" "$S/a.gcode"
	grep -q 'the file that it replaces could not be deleted' "$M/log"
	cmp "$DIR/b.gcode" "$S/a.gcode"
}

@test "a record without bytes is an empty file, and can be removed" {
	setup_cloud
	cloud nothing.gcode
	mounted
	[ "$(stat -c %s "$S/nothing.gcode")" -eq 0 ]
	[ "$(cat "$S/nothing.gcode")" = '' ]
	rm "$S/nothing.gcode"
	[ "$(ls "$S")" = '' ]
	[ "$(cloud_names)" = '' ]
}

@test "a rename sends no bytes" {
	setup_cloud
	mounted
	mkdir "$S/parts"
	cp -p "$DIR/a.gcode" "$S/a.gcode"
	touch -d '2001-02-03 04:05:06 UTC' "$S/a.gcode"
	forget_requests
	mv "$S/a.gcode" "$S/parts/c.gcode"
	[ "$(changes)" = PATCH ]
	[ "$(cloud_names)" = '' ]
	[ "$(cloud_names 1)" = c.gcode ]
	[ ! -e "$S/a.gcode" ]
	cmp "$DIR/a.gcode" "$S/parts/c.gcode"
	[ "$(stat -c %Y "$S/parts/c.gcode")" -eq 981173106 ]
	mv "$S/parts/c.gcode" "$S/ž.gcode"
	[ "$(cloud_names)" = ž.gcode ]
	assert_requests 0 '^GET$' ^/media/
	ctl lose-response PATCH 1
	mv "$S/ž.gcode" "$S/d.gcode"
	[ "$(ls "$S")" = $'d.gcode\nparts' ]
}

@test "a rename replaces a file only when its own is there" {
	setup_cloud
	mounted
	cp "$DIR/a.gcode" "$S/a.gcode"
	cp "$DIR/b.gcode" "$S/b.gcode"
	assert_fails_with EEXIST "$TOOLS/rename" "$S/a.gcode" \
	    "$S/b.gcode" noreplace
	forget_requests
	mv -f "$S/a.gcode" "$S/b.gcode"
	[ "$(changes)" = 'PATCH DELETE' ]
	[ "$(ls "$S")" = b.gcode ]
	[ "$(cloud_names)" = b.gcode ]
	cmp "$DIR/a.gcode" "$S/b.gcode"
	cp "$DIR/b.gcode" "$S/a.gcode"
	forget_requests
	ctl fail PATCH /api/v1/g_code_files/ 500 1
	refute mv -f "$S/a.gcode" "$S/b.gcode"
	assert_requests 0 '^DELETE$'
	cmp "$DIR/a.gcode" "$S/b.gcode"
	cmp "$DIR/b.gcode" "$S/a.gcode"
}

@test "what was renamed so elsewhere is not replaced by itself" {
	setup_cloud
	local id
	mounted
	cp "$DIR/a.gcode" "$S/a.gcode"
	mkdir "$S/one"
	ls -l "$S"
	id=$(api GET g_code_files/ | jq '.results[0].id')
	api PATCH "g_code_files/$id/" '{"filename": "b.gcode"}'
	api PATCH g_code_folders/1/ '{"name": "two"}'
	# Unless the listing is remembered no more.
	"$TOOLS/rename" "$S/a.gcode" "$S/b.gcode" || :
	"$TOOLS/rename" "$S/one" "$S/two" || :
	assert_requests 0 '^DELETE$'
	[ "$(cloud_names)" = b.gcode ]
	[ "$(ls "$S")" = $'b.gcode\ntwo' ]
	cmp "$DIR/a.gcode" "$S/b.gcode"
}

@test "a deleted file does not come back by a rename" {
	setup_cloud
	local id
	mounted
	cp "$DIR/a.gcode" "$S/a.gcode"
	id=$(api GET g_code_files/ | jq '.results[0].id')
	api DELETE "g_code_files/$id/"
	assert_fails_with 'No such file' mv "$S/a.gcode" "$S/b.gcode"
	[ "$(cloud_names)" = '' ]
}

@test "folders are renamed and moved with all that is in them" {
	setup_cloud
	mounted
	mkdir -p "$S/one/deep" "$S/two"
	cp "$DIR/a.gcode" "$S/one/deep/a.gcode"
	touch -d '2001-02-03 04:05:06 UTC' "$S/one/deep/a.gcode"
	forget_requests
	mv "$S/one" "$S/three"
	[ "$(changes)" = PATCH ]
	cmp "$DIR/a.gcode" "$S/three/deep/a.gcode"
	mv "$S/three" "$S/two/"
	cmp "$DIR/a.gcode" "$S/two/three/deep/a.gcode"
	[ "$(stat -c %Y "$S/two/three/deep/a.gcode")" -eq 981173106 ]
	[ ! -e "$S/three" ]
	[ ! -e "$S/one" ]
	assert_fails_with 'subdirectory of itself' mv "$S/two" "$S/two/three/"
	[ "$(changes)" = 'PATCH PATCH' ]
	mkdir "$S/one" "$S/empty"
	cp "$DIR/b.gcode" "$S/one/b.gcode"
	assert_fails_with ENOTEMPTY "$TOOLS/rename" "$S/two" "$S/one"
	"$TOOLS/rename" "$S/one" "$S/empty"
	[ "$(ls "$S")" = $'empty\ntwo' ]
	cmp "$DIR/b.gcode" "$S/empty/b.gcode"
	assert_fails_with EEXIST "$TOOLS/rename" "$S/empty" "$S/two" \
	    noreplace
}

@test "a folder that another one moved into itself hangs nobody" {
	setup_cloud
	mounted
	mkdir -p "$S/one/two"
	cd "$S/one"
	api PATCH g_code_folders/1/ '{"name": "one", "parent_folder": 2}'
	echo refresh >"$P/control"
	timeout 20 env -C / find "$S" >/dev/null
	timeout 20 find . >"$DIR/found" || :
	[ "$(wc -l <"$DIR/found")" -le 3 ]
	cd "$DIR"
}

@test "readers and folders stay valid when what they have is renamed" {
	setup_cloud
	mounted
	mkdir -p "$S/one"
	cp "$DIR/a.gcode" "$S/one/a.gcode"
	exec 7<"$S/one/a.gcode"
	cd "$S/one"
	mv "$S/one" "$S/two"
	cmp "$DIR/a.gcode" a.gcode
	[ "$(stat -L -c %h /proc/self/fd/7)" -eq 1 ]
	mkdir "$S/one"
	cp "$DIR/b.gcode" "$S/one/a.gcode"
	cmp "$DIR/b.gcode" "$S/one/a.gcode"
	cmp "$DIR/a.gcode" /dev/fd/7
	cmp "$DIR/a.gcode" a.gcode
	exec 7<&-
	cd "$DIR"
}

@test "a writer goes on under the new name" {
	setup_cloud
	mounted
	mkdir "$S/one"
	cp "$DIR/a.gcode" "$S/a.gcode"
	cp "$DIR/a.gcode" "$S/one/b.gcode"
	exec 7<>"$S/a.gcode" 8<>"$S/one/b.gcode"
	mv "$S/a.gcode" "$S/c.gcode"
	mv "$S/one" "$S/two"
	cp "$DIR/b.gcode" "$S/a.gcode"
	printf ';new' >&7
	printf ';new' >&8
	exec 7>&- 8>&-
	{ printf ';new' && tail -c +5 "$DIR/a.gcode"; } >"$DIR/wanted"
	cmp "$DIR/wanted" "$S/c.gcode"
	cmp "$DIR/wanted" "$S/two/b.gcode"
	cmp "$DIR/b.gcode" "$S/a.gcode"
	[ "$(ls "$S")" = $'a.gcode\nc.gcode\ntwo' ]
	[ "$(ls "$S/two")" = b.gcode ]
}

@test "a file that is being written is renamed with what it replaces" {
	setup_cloud
	mounted
	cp "$DIR/a.gcode" "$S/a.gcode"
	exec 7<>"$S/a.gcode"
	# The shell's own writing closes a duplicate, which uploads.
	/bin/echo -n ';new' >&7
	forget_requests
	mv "$S/a.gcode" "$S/c.gcode"
	[ "$(changes)" = PATCH ]
	[ "$(ls "$S")" = c.gcode ]
	/bin/echo -n ';er' >&7
	exec 7>&-
	[ "$(head -c 7 "$S/c.gcode")" = ';new;er' ]
	[ "$(cloud_names)" = c.gcode ]
}

@test "a descriptor that has uploaded writes on under the new name" {
	local created
	setup_cloud
	mounted
	cp "$DIR/a.gcode" "$S/a.gcode"
	created=$(date +%s)
	exec 7<>"$S/a.gcode"
	until [ "$(date +%s)" -gt "$created" ]; do sleep 0.1; done
	printf ';new' >&7
	mv "$S/a.gcode" "$S/c.gcode"
	printf ';er' >&7
	exec 7>&-
	[ "$(head -c 7 "$S/c.gcode")" = ';new;er' ]
	[ "$(cloud_names)" = c.gcode ]
}

@test "what is written in a folder goes along when the folder is renamed" {
	setup_cloud
	mounted
	mkdir "$S/one"
	cp "$DIR/a.gcode" "$S/one/.a.gcode.tmp"
	exec 7>"$S/one/b.gcode"
	cat "$DIR/b.gcode" >&7
	mv "$S/one" "$S/two"
	[ "$(ls -A "$S/two")" = $'.a.gcode.tmp\nb.gcode' ]
	exec 7>&-
	mv "$S/two/.a.gcode.tmp" "$S/two/a.gcode"
	[ "$(cloud_names 1 | xargs)" = 'a.gcode b.gcode' ]
	cmp "$DIR/a.gcode" "$S/two/a.gcode"
	cmp "$DIR/b.gcode" "$S/two/b.gcode"
}

@test "appending, cutting and writing amid a file work" {
	setup_cloud
	mounted
	cp "$DIR/a.gcode" "$S/a.gcode"
	echo ';end' >>"$S/a.gcode"
	{ cat "$DIR/a.gcode" && echo ';end'; } >"$DIR/wanted"
	cmp "$DIR/wanted" <(cloud_bytes a.gcode)
	truncate -s 100 "$S/a.gcode"
	cmp <(head -c 100 "$DIR/a.gcode") <(cloud_bytes a.gcode)
	printf 'XY' | dd of="$S/a.gcode" bs=1 seek=10 conv=notrunc status=none
	{ head -c 10 "$DIR/a.gcode" && printf 'XY' &&
	    head -c 100 "$DIR/a.gcode" | tail -c 88; } >"$DIR/wanted"
	cmp "$DIR/wanted" <(cloud_bytes a.gcode)
	[ "$(cloud_names)" = a.gcode ]
}

@test "rsync copies there and back, and skips what is unchanged" {
	setup_cloud
	mounted
	mkdir -p "$DIR/tree/sub"
	cp "$DIR/a.gcode" "$DIR/tree/"
	cp "$DIR/b.gcode" "$DIR/tree/sub/"
	touch -d '2001-02-03 04:05:06 UTC' "$DIR/tree/a.gcode"
	rsync -rt "$DIR/tree/" "$S/"
	forget_requests
	rsync -rt "$DIR/tree/" "$S/"
	[ "$(changes)" = '' ]
	rsync -rt "$S/" "$DIR/back/"
	diff -r "$DIR/tree" "$DIR/back"
}

@test "what was deleted elsewhere is ENOENT" {
	setup_cloud
	mounted
	cloud a.gcode '' "$DIR/a.gcode"
	eventually test -f "$S/a.gcode"
	api DELETE g_code_files/1/
	assert_fails_with 'No such file' cat "$S/a.gcode"
	assert_fails_with 'No such file' rm "$S/a.gcode"
	[ "$(ls "$S")" = '' ]
}

# It takes a minute, which is how long an answer is waited for.
@test "an upload that is answered too late is asked about" {
	printer obico --mb-ms 63000
	mounted
	model "$DIR/late.gcode" 1100000
	forget_requests
	cp "$DIR/late.gcode" "$S/late.gcode"
	[ "$(changes)" = POST ]
	grep -q 'POST /api/v1/g_code_files/: .*timed out' "$M/log"
	[ "$(cloud_names)" = late.gcode ]
	cmp "$DIR/late.gcode" "$S/late.gcode"
	[ "$(ls "$M/unsent")" = '' ]
}
