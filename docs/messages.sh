#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/messages.sh [--lines]
#
# Every text that the programs print, from their sources, in an order in which a person can read them through
# (`make messages`): findings and errors by code with their fixes, doctor's lines, journal entries, the rest
# (usage, tables, JSON's descriptions) by file. A literal counts where it has at least two words. With --lines
# one a line, for tests: kind, code, text, fix, place, separated by tabs.
set -euo pipefail

cd -- "$(dirname -- "$0")/.."

# One record for each call with literals: kind, code, text, fix, place. A reader of C that knows literals,
# comments, parentheses and commas.
read_sources() {
	# shellcheck disable=SC2016 # awk's
	find oci policy hook \( -name '*.c' -o -name '*.cc' -o -name finding_table.h \) -print0 | sort -z | xargs -0 awk '
	# function: kind, and which of its arguments is the message; those before it are the fix
	function know(kind, list,   i, n, item, pair) {
		n = split(list, item, " ")
		for (i = 1; i <= n; i++) {
			split(item[i], pair, ":")
			kinds[pair[1]] = kind
			message[pair[1]] = pair[2]
		}
	}

	function is_text(t) {
		return t ~ /[A-Za-z0-9%"\)>][,:;]? +[A-Za-z0-9%(<-]/
	}

	function keep(d, t,   where) {
		while (d > 0 && name[d] == "")
			d--
		if (d == 0 || !(name[d] in kinds)) {
			if (is_text(t))
				print "text\t" FILENAME "\t" t "\t\t" FILENAME ":" at
			return
		}
		where = count[d] - message[name[d]]
		if (where == 0)
			said[d] = said[d] (said[d] == "" ? "" : " / ") t
		else if (where < 0 && is_text(t))
			fix[d] = fix[d] (fix[d] == "" ? "" : " / ") t
		if (lines[d] == "")
			lines[d] = at
	}

	function flush() {
		if (pending)
			keep(depth, text)
		text = ""
		pending = 0
	}

	function open(called) {
		depth++
		name[depth] = called
		count[depth] = 0
		said[depth] = fix[depth] = code[depth] = lines[depth] = ""
	}

	function close_one() {
		if (depth == 0)
			return
		if (name[depth] in kinds && (is_text(said[depth]) || fix[depth] != ""))
			print kinds[name[depth]] "\t" code[depth] "\t" said[depth] "\t" fix[depth] "\t" FILENAME ":" lines[depth]
		depth--
	}

	function note_code(t,   d) {
		sub(/^FINDING_/, "", t)
		gsub(/_/, "-", t)
		for (d = depth; d > 0 && name[d] == ""; d--) {
		}
		if (code[d] == "")
			code[d] = tolower(t)
	}

	function scan(rest,   token, before, end) {
		depth = 0
		line = 1
		while (match(rest, /"([^"\\\n]|\\.)*"|\047([^\047\\]|\\.)+\047|\/\*|\/\/[^\n]*|[A-Za-z_][A-Za-z_0-9]*\(|[A-Za-z_][A-Za-z_0-9]*|[(){},;#?:]/)) {
			before = substr(rest, 1, RSTART - 1)
			token = substr(rest, RSTART, RLENGTH)
			rest = substr(rest, RSTART + RLENGTH)
			line += gsub(/\n/, "\n", before)
			if (token == "/*") {
				end = index(rest, "*/")
				before = substr(rest, 1, end + 1)
				line += gsub(/\n/, "\n", before)
				rest = substr(rest, end + 2)
			} else if (token ~ /^"/) {
				if (!pending)
					at = line
				text = text substr(token, 2, length(token) - 2)
				pending = 1
			} else if (token in programs) {
				if (!pending)
					at = line
				text = text programs[token]
				pending = 1
			} else if (pending && token ~ /^PRI[a-z]/) {
				text = text "<number>"
			} else if (token !~ /^(\/\/|\047|#)/) {
				flush()
				if (token ~ /^FINDING_[A-Z_]+$/)
					note_code(token)
				else if (token ~ /\($/)
					open(substr(token, 1, length(token) - 1))
				else if (token == "(" || token == "{")
					open("")
				else if (token == ")" || token == "}")
					close_one()
				else if (token == ",")
					count[depth]++
			}
		}
		flush()
	}

	BEGIN {
		# Our names, which stand for a literal.
		while ((getline define <"oci/base/programs.h") > 0) {
			if (split(define, word, /[ "]+/) >= 3 && word[1] == "#define")
				programs[word[2]] = word[3]
		}
		RS = "\001" # a file at once
		know("finding", "error_set:5 findings_add:5 findings_add_as:5 findings_add_capped:6 lint_add:4")
		know("finding", "jsondoc_error:4 jsonlex_fail:1 tree_refuse:3 annotations_refuse:4 hooksd_refuse:2")
		know("finding", "pod_add_problem:3 share_host_fail:2 refuse_entry:2 record_copy_error:2")
		know("doctor", "doctor_report_ok:2 doctor_report_warn:3 doctor_report_fail:4")
		know("journal", "audit_send:2")
	}
	{ scan($0) }'
}

in_order() {
	LC_ALL=C sort -t $'\t' -k 1,1 -k 2,2 -k 3,3 -k 5,5
}

# What is said, then how to mend it and where it stands, both further in.
for_people() {
	awk -F'\t' '
	BEGIN {
		title["doctor"] = "Lines of doctor"
		title["finding"] = "Findings and errors, by code"
		title["journal"] = "Journal entries"
		title["text"] = "Other texts, by file"
	}
	$1 != kind { kind = $1; heading = ""; print (NR > 1 ? "\n" : "") title[kind] "\n" }
	$2 != heading { heading = $2; print "  " (heading == "" ? "(the code comes from elsewhere)" : heading) }
	{
		print "    " ($3 == "" ? "(the message comes from elsewhere)" : $3)
		if ($4 != "")
			print "        fix: " $4
		if (kind != "text")
			print "        " $5
	}'
}

case ${1:-} in
--lines) read_sources | in_order ;;
'') read_sources | in_order | for_people ;;
*)
	echo 'usage: docs/messages.sh [--lines]' >&2
	exit 2
	;;
esac
