/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_PRIVD_REQUEST_H
#define PATRONUS_PRIVD_REQUEST_H

#include "grants.h"

/* The handlers that grants.c names: decoded request in, act, reply. */

grant_handler	request_hello;
grant_handler	request_nft_batch;
grant_handler	request_rtnl_batch;
grant_handler	request_ct_delete;
grant_handler	request_nl_dump;
grant_handler	request_nl_subscribe;
grant_handler	request_sock_open;
grant_handler	request_sysctl_set;
grant_handler	request_file_put;
grant_handler	request_file_open;
grant_handler	request_host_ctl;
grant_handler	request_helper_open;
grant_handler	request_proc_status;

#endif
