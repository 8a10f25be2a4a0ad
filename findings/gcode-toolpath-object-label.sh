#!/bin/sh
# An object's label moves the tool.
#
# PrusaSlicer's "Label objects: Firmware" writes the name of each object into
# the G-code: M486 A and the name up to the end of the line.  gcode-parser
# takes every letter that is followed by a number for a word, there too, and
# gcode-toolpath carries out each G word that it finds in a line.  So a part
# called "Gear G1 X50" is a move to X = 50 in the middle of the print, and the
# tool position is wrong until the next move that names X.
#
# gcode-toolpath 3.0.0 with gcode-parser 2.2.0, Node.js 20:
#
#	without the label	1,1 2,1
#	with the label		1,1 50,1 2,1
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" \
    gcode-toolpath@3.0.0 gcode-parser@2.2.0 >/dev/null

cat >"$dir/moves.js" <<'END'
const Toolpath = require('gcode-toolpath');
const ends = [];
const path = new Toolpath({
  addLine: (modal, from, to) => ends.push(to.x + ',' + to.y),
});
path.loadFromStringSync(process.argv[2]);
console.log(ends.join(' '));
END

moves() {
	node "$dir/moves.js" "$(printf '%s\n' "$@")"
}

plain=$(moves 'G90' 'G1 X1 Y1' 'M486 S0' 'G1 X2')
labelled=$(moves 'G90' 'G1 X1 Y1' 'M486 S0' 'M486 AGear G1 X50' 'G1 X2')
printf 'without the label	%s\nwith the label		%s\n' "$plain" "$labelled"
[ "$plain" = '1,1 2,1' ]
[ "$labelled" = '1,1 50,1 2,1' ]
