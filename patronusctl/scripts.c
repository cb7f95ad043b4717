/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The completion scripts: each hands the words over to "patronusctl __complete" and shows what comes back. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "exit.h"
#include "run.h"

static const char bash[] =
    "# bash completion for patronusctl\n"
    "_patronusctl()\n"
    "{\n"
    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} word rest\n"
    "\tCOMPREPLY=()\n"
    "\twhile IFS=$'\\t' read -r word rest; do\n"
    "\t\tif [[ $word == :files ]]; then\n"
    "\t\t\tcompopt -o filenames 2>/dev/null\n"
    "\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "\t\telse\n"
    "\t\t\tCOMPREPLY+=(\"$word\")\n"
    "\t\t\t[[ $word == */ ]] && compopt -o nospace 2>/dev/null\n"
    "\t\tfi\n"
    "\tdone < <(\"${COMP_WORDS[0]}\" __complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
    "\treturn 0\n"
    "}\n"
    "complete -F _patronusctl patronusctl\n";

static const char zsh[] =
    "#compdef patronusctl\n"
    "# zsh completion for patronusctl\n"
    "_patronusctl()\n"
    "{\n"
    "\tlocal line word text files\n"
    "\tlocal -a plain slash\n"
    "\tfor line in \"${(@f)$(\"${words[1]}\" __complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\"; do\n"
    "\t\tword=${line%%$'\\t'*}\n"
    "\t\ttext=${line#*$'\\t'}\n"
    "\t\tcase $word in\n"
    "\t\t('') ;;\n"
    "\t\t(:files) files=1 ;;\n"
    "\t\t(*/) slash+=(\"${word//:/\\\\:}:$text\") ;;\n"
    "\t\t(*) plain+=(\"${word//:/\\\\:}:$text\") ;;\n"
    "\t\tesac\n"
    "\tdone\n"
    "\t[[ -n $files ]] && _files\n"
    "\t(( $#plain )) && _describe -t words patronusctl plain\n"
    "\t(( $#slash )) && _describe -t paths path slash -S ''\n"
    "\treturn 0\n"
    "}\n"
    "if [[ $funcstack[1] == _patronusctl ]]; then\n"
    "\t_patronusctl \"$@\"\n"
    "else\n"
    "\tcompdef _patronusctl patronusctl\n"
    "fi\n";

static const char fish[] =
    "# fish completion for patronusctl\n"
    "function __patronusctl_complete\n"
    "\tset -l words (commandline -opc)\n"
    "\tset -l current (commandline -ct)\n"
    "\tset -l program $words[1]\n"
    "\tset -e words[1]\n"
    "\tset -l lines ($program __complete $words \"$current\" 2>/dev/null)\n"
    "\tif test \"$lines[1]\" = :files\n"
    "\t\t__fish_complete_path \"$current\"\n"
    "\telse if test (count $lines) -gt 0\n"
    "\t\tprintf '%s\\n' $lines\n"
    "\tend\n"
    "end\n"
    "complete -c patronusctl -f -a '(__patronusctl_complete)'\n";

int
run_completion(struct ctl *c)
{
	static const struct {
		const char	*shell;
		const char	*script;
	} scripts[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };
	size_t i;

	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		if (strcmp(scripts[i].shell, c->args[0]) == 0) {
			fputs(scripts[i].script, stdout);
			return EXIT_OK;
		}
	fprintf(stderr, "patronusctl: there are scripts for bash, zsh and fish\n");
	return EXIT_USAGE;
}
