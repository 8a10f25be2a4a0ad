#!/bin/sh
# A line of even width is nothing when extrusion is relative.
#
# PrusaSlicer writes relative extrusion (M83) for all of Prusa's printers: E is
# what this move extrudes.  JSCAD's reader of G-code does not know M83.  It
# takes a move for an extruding one when its E is larger than that of the move
# before, so that moves that extrude alike are travel to it: of six equal pieces
# of a line none is left, and the model is empty, without an error.
#
# @jscad/gcode-deserializer 0.2.1, Node.js 20; points of paths in what it makes:
#
#	absolute (M82)	7
#	relative (M83)	0
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" \
    @jscad/gcode-deserializer@0.2.1 >/dev/null

cat >"$dir/points.js" <<'END'
const { deserialize } = require('@jscad/gcode-deserializer');
const model = (mode, e) => ['G90', mode, 'G92 E0', 'G1 X10 Y10 Z.2']
  .concat([1, 2, 3, 4, 5, 6].map((i) => `G1 X${10 + 5 * i} Y10 E${e(i)}`))
  .concat(['G1 X10 Y20', '']).join('\n');
const points = (text) =>
  (deserialize(text, 'model.gcode', {}).match(/\[-?\d/g) || []).length;
console.log('absolute', points(model('M82', (i) => i)));
console.log('relative', points(model('M83', () => 1)));
END

seen=$(node "$dir/points.js")
echo "$seen"
[ "$seen" = 'absolute 7
relative 0' ]
