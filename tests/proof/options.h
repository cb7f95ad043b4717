/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PROOF_OPTIONS_H
#define PROOF_OPTIONS_H

/* What a proof is asked for: "proof-NAME [-n POLICIES] [-s FIRST_SEED] [-f FAULT]". */
struct proof_options {
	unsigned	 n;		/* policies; set before as it shall be without -n */
	unsigned	 first;		/* seed of the first one */
	const char	*fault;	/* that is planted; NULL: none */
};

/* faults: those that there are, "a|b", for the usage.  Ends the program where its words mean nothing. */
void	 proof_options_read(struct proof_options *, int argc, char **argv, const char *faults);

#endif
