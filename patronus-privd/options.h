/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_PRIVD_OPTIONS_H
#define PATRONUS_PRIVD_OPTIONS_H

/* The command line: directories, absolute. */
struct options {
	const char	*state;
	const char	*run;
	const char	*libexec;
	const char	*etc;		/* where the box's resolv.conf and localtime are */
};

#endif
