# SPDX-License-Identifier: GPL-3.0-or-later
setup-welcome = First start
setup-welcome-lead = A few steps from a new box to one that guards a network. Nothing is in force before the last one.
setup-leave = Go on later
setup-cannot-be-read = This cannot be read
setup-not-taken = The appliance did not take it
setup-steps = Steps of the first start
setup-step-of = Step { $step } of { $steps }
setup-is-done = , done
setup-claim = Administrator
setup-factor = Second factor
setup-factor-lead = Your account is made. Give it a second lock before anything else.
setup-factor-why = An authenticator app, and one minute
setup-factor-there = { $user } has a second factor
setup-factor-later = Not now
setup-names = Name and time
setup-names-lead = What this box is called, and where its clock is.
setup-hostname = Host name
setup-hostname-hint = It stands in logs, in certificates and at the top of this page.
setup-time-zone = Time zone
setup-search-zones = Search by city
setup-of-this-browser = of this browser
setup-zones-found =
    { $count ->
        [one] { $count } zone found; { $zone } is chosen.
       *[other] { $count } zones found; { $zone } is chosen.
    }
setup-ports = Ports
setup-ports-lead = Which socket leads to the internet, and which to your own network.
setup-wan = Internet (WAN)
setup-lan = Own network (LAN)
setup-unused = Not used
setup-plug-wan = Plug the internet cable in now
setup-plug-lan = Now plug in the cable of your own network
setup-ask-more = The port that notices lights up. Is the cable in already? Pull it and plug it in again, or choose below.
setup-plugged = A cable was plugged into { $port }
setup-pulled = The cable of { $port } was pulled
setup-use-as = Use { $port } for { $side }
setup-both-chosen = Both sides are chosen
setup-both-more = { $wan } leads to the internet, { $lan } to your own network.
setup-cable = cable in
setup-no-cable = no cable
setup-port-off = switched off: a cable is not noticed
setup-port-is = { $port } is
setup-no-port = This box has no network port
setup-no-port-more = The kernel names none but its loopback. A missing driver is the usual reason.
setup-wan-only = With the internet side alone the box guards itself, and its page is reached from there.
setup-lan-only = With your own network alone the box has no way to the internet yet.
setup-addresses = Addresses
setup-addresses-lead = The addresses that this box has on both sides.
setup-static-only = Fixed addresses, as your provider told you: this version asks no DHCP server for its own.
setup-address-v4 = IPv4 address and length
setup-address-v6 = IPv6 address and length
setup-gateway = Gateway
setup-gateway-v6 = IPv6 gateway
setup-servers = Name servers
setup-servers-hint = Up to three, which the box itself asks.
setup-lan-hint = The devices in your network use it as their gateway.
setup-no-dhcp = This version gives out no addresses: the devices in this network have fixed ones, or another DHCP server.
setup-addresses-elsewhere = The interfaces came with a document; their addresses are below Settings, Interfaces
setup-address-missing = Enter an address with its length, such as 192.0.2.1/24
setup-not-v4 = An IPv4 address has a length, such as 192.0.2.1/24
setup-not-v6 = An IPv6 address has a length, such as 2001:db8::1/64
setup-no-host = This is the network itself or its broadcast address; a host has one between
setup-no-address = This is no address without a length
setup-gateway-is-own = This is the address of the box itself
setup-gateway-far = The gateway is not in { $network }: the box could not reach it
setup-clash-title = These two networks meet
setup-clash = { $lan } shares addresses with { $other } on { $port }. The box could not tell on which side such an address is: choose another network for the LAN.
setup-clash-use = Use { $network }
setup-rules = Rules
setup-rules-lead = What may pass. Begin with a few rules, or bring what another firewall had.
setup-rules-from = Rules to begin with
setup-way-begin = Begin new
setup-way-import = Import a configuration
setup-policy-out = Your network reaches the internet
setup-policy-out-hint = Every device in the LAN may open connections outwards.
setup-policy-masquerade = With the address of this box
setup-policy-masquerade-hint = IPv4 of the LAN leaves translated (masquerade): private addresses have no way back otherwise.
setup-policy-ping = The box answers ping
setup-policy-ping-hint = From your own network, to find out what works.
setup-policy-else = Everything else is refused
setup-policy-manage-lan = This page is reached from your own network, and from nowhere else. Answers to what was opened from inside come back in.
setup-policy-manage-wan = This page is reached from the internet side, since there is no other. Narrow it under Settings, Management.
setup-has-rules =
    { $count ->
        [one] { $count } imported rule is in the draft
       *[other] { $count } imported rules are in the draft
    }
setup-keep-them = Keep them and go on
setup-review = Look and commit
setup-review-lead = All of it takes effect at once, on trial: without your answer the box goes back by itself.
setup-review-more = Every daemon has prepared it; what the kernel then has is read back and compared.
setup-nothing-yet = Nothing is entered yet. Begin with the first step
setup-n-rules =
    { $count ->
        [one] { $count } rule; what none of them names is refused
       *[other] { $count } rules; what none of them names is refused
    }
setup-all-changes =
    { $count ->
        [one] { $count } change in full
       *[other] All { $count } changes in full
    }
setup-clashes = Somebody else has changed the box meanwhile. Decide under Pending changes
setup-trial = It is in force, on trial
setup-trial-more = Try it now. Without your answer the box goes back to before by itself.
setup-try-lan = Open a page of the internet from a device in your network.
setup-try-page = Open this page at the new address of the box, if you came in by the old one.
setup-try-keep = Does it work? Press Keep below.
setup-ended = { $hostname } is set up
setup-ended-more = Revision { $revision } is kept, and starts after a reboot too. From here on there is more to see, and nothing that must be done.
setup-taken-back = It was taken back
setup-taken-back-more = The box is as it was before. What you entered is not lost: take it up again and change what did not work.
setup-take-up = Take it up again
