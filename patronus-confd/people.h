/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_PEOPLE_H
#define PATRONUS_CONFD_PEOPLE_H

/*
 * What a change of users means for their sessions: who was removed, switched off or got another role is signed out at once;
 * the password of who was removed, and the API tokens of who has another role, are forgotten when the revision is kept, for until then
 * all may be as before; such tokens are refused meanwhile.  Whose role has other rules now loses what he listens to, and may listen again.
 */

struct confd;
struct people;

struct people	*people_new(struct confd *);
void		 people_free(struct people *);
/* Running or kept became another revision. */
void		 people_changed(struct people *);
/* authd is there (again): what it missed is said again, and everybody is asked about again. */
void		 people_authd_ready(struct people *);

#endif
