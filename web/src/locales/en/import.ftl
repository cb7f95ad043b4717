# SPDX-License-Identifier: GPL-3.0-or-later
import-title = Import a configuration
import-lead = What another firewall has, or a document of this one, becomes pending changes. Nothing is in force before a commit.
import-replaces = Rules, translations, groups, services, schedules and zones are replaced by those of the file; interfaces are added, everything else stays.
import-replaces-document = It takes the place of the whole configuration, but for your account; a document without users leaves all users as they are.
import-from = From elsewhere
import-review = See what would change
import-pending = What is pending already
import-pending-keep = Keep it, and add
import-pending-discard = Discard it first
import-pending-keep-hint =
    { $count ->
        [one] The { $count } change stays, but for what the file replaces.
       *[other] The { $count } changes stay, but for what the file replaces.
    }
import-pending-discard-hint =
    { $count ->
        [one] The { $count } change is lost; the file meets what runs now.
       *[other] The { $count } changes are lost; the file meets what runs now.
    }
import-again = A further import takes the place of the earlier one
import-again-more = Of the earlier one goes: { $names }
import-take = Take it into the draft
import-not-taken = The appliance did not take it
import-document-taken = The document is in the draft
import-taken = It is in the pending changes
import-taken-more = Read what became of it, look at the differences, and commit on trial.
import-show = Show
import-all = All
import-show-more =
    { $count ->
        [one] Show { $count } more
       *[other] Show { $count } more
    }
import-read-only = You may look at the configuration, but not change it
import-never-more = Never is more let through than before
import-interfaces = An account tells of every object what became of it. Interfaces are found by the names of their ports, and by wan and lan.
import-kind = What it is
import-kind-patronus = A document of Patronus
import-kind-iptables = iptables
import-kind-nft = nftables
import-kind-pf = pfSense or OPNsense
import-kind-uci = OpenWrt
import-kind-patronus-hint = YAML or JSON, from patronusctl show configuration or another box.
import-kind-iptables-hint = What iptables-save and ip6tables-save print; what ipset save prints, if there are sets.
import-kind-nft-hint = What nft -j list ruleset prints.
import-kind-pf-hint = config.xml, from Diagnostics, Backup.
import-kind-uci-hint = The files network and firewall of /etc/config.
import-file = File
import-account = What became of it
import-n-done = { $count } done
import-n-changed = { $count } changed
import-n-refused = { $count } refused
import-done = done
import-changed = changed
import-refused = refused
import-outcome = Outcome
import-line = Line
import-was = It was
import-became = It became
