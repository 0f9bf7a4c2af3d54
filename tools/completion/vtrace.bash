# Completion of vtrace's commands and options for bash. It asks vtrace itself, so it knows what that one knows.
#
#   source tools/completion/vtrace.bash

_vtrace() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]}
	local help options

	if ((COMP_CWORD == 1)); then
		# "  convert    make a Perfetto trace": the first word of each line that is indented by two.
		mapfile -t COMPREPLY < <(compgen -W "help $("$program" --help 2>/dev/null | sed -nE 's/^  ([a-z]+) .*/\1/p')" -- "$word")
		return
	fi
	help=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null) || return
	if [[ $word == -* ]]; then
		options=$(sed -nE 's/^  (-[a-z], |    )(--[a-z-]+).*/\2/p' <<<"$help")
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
		return
	fi
	case $before in
	--by) mapfile -t COMPREPLY < <(compgen -W "reason name vcpu pc" -- "$word") ;;
	--top | --port | --wait | --send | --pin | --ui) ;; # not a file
	*)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	esac
}

complete -F _vtrace vtrace
