# SPDX-License-Identifier: GPL-3.0-or-later
packets-n-rows =
    { $count ->
        [one] { $count } packet
       *[other] { $count } packets
    }
packets-added = { $address } is in { $group } in the pending changes
packets-add-to-group = Add { $address } to a group
packets-goes-to-pending = Goes to the pending changes; nothing is in force before you commit.
packets-add = Add
packets-group = Group
packets-new-group = A new group …
packets-name-of-group = Name of the new group
packets-small-letters = Small letters, digits and hyphens.
packets-explain = Explain
packets-rule-against = Make a rule against it
packets-rule-for = Make a rule that lets it
packets-sender-to-group = Add the sender to a group
packets-receiver-to-group = Add the receiver to a group
packets-only-sender = Show only this sender
packets-only-origin = Show only { $name }
packets-system = Autonomous system { $number }
packets-more-for = More for { $from } to { $to }
packets-sender = Sender
packets-receiver = Receiver
packets-protocol = Protocol
packets-port = Port
packets-this-box = this box
log-field-rule = rule
log-field-action = action
log-field-in = in
log-field-out = out
log-field-protocol = protocol
log-field-source = source
log-field-destination = destination
log-field-port = port
log-field-family = family
log-field-country = Country
log-field-system = Autonomous system
log-time = Time
log-action = Action
log-rule = Rule
log-path = In and out
log-source = Source
log-destination = Destination
log-length = Length
log-show-only = Show only { $field } { $value }
log-go-to-rule = Go to rule { $rule }
log-hide-sender = Hide this sender
log-to = to
log-lead = Packets that rules with logging, or the firewall's own checks, have decided.
log-paused = paused
log-live = live
log-not-connected = not connected
log-go-on = Go on
log-go-on-new = Go on ({ $count } new)
log-pause = Pause
log-search = Search the log
log-search-hint = country:DE as:64496, or press a value below
log-skipped = { $shown }, { $lost } skipped
log-filters = Filters
log-turn-round = Press to turn it round
log-is = { $field } is { $value }
log-is-not = { $field } is not { $value }
log-remove-filter = Remove the filter { $field } { $value }
log-clear = Clear
log-firewall-log = Firewall log
log-row = { $action } by { $rule }: { $protocol } { $source } to { $destination }
log-none-like-that = No packet is like that
log-show-all = Show all
log-nothing-yet = Nothing has been logged yet
log-switch-on = Switch on logging in a rule, and its connections appear here at once.
states-most-bytes = Most bytes first
states-fewest-bytes = Fewest bytes first
states-by-sender = By sender
states-by-receiver = By receiver
states-last-used = Last used first
states-translated-to = Translated to
states-n-ended =
    { $count ->
        [one] { $count } connection ended
       *[other] { $count } connections ended
    }
states-lead = What the kernel tracks now, with both ends as they are after translation.
states-read-again = Read again
states-n-that-fit =
    { $count ->
        [one] { $count } connection that fits “{ $text }”
       *[other] { $count } connections that fit “{ $text }”
    }
states-end-all = End all { $count }
states-search = Search connections
states-search-hint = 192.0.2.0/24 443 tcp, or from:lan state:established
states-order = Order
states-matched =
    { $count ->
        [one] { $matched } of { $count } connection
       *[other] { $matched } of { $count } connections
    }
states-unknown-word = “{ $words }” is neither an address, a port, a protocol nor field:value, and is not looked for.
states-unreadable = The connections cannot be read
states-none-like-that = No connection is like that
states-bytes = Sent, answered
states-not-counted = not counted
states-ends-in = Ends in
states-end-it = End it
states-the-one = the connection from { $from } to { $to }
states-show-more = Show more
states-end-connections = End connections?
states-end-lead = This ends { $what } at once. Who still may opens it anew.
states-end = End
explain-arrives = Arrives
explain-for-the-box = For the box itself
explain-passes-through = Passes through
explain-sent-by-the-box = Sent by the box
explain-leaves = Leaves
explain-no-zone = no zone
explain-what-becomes = What becomes of it
explain-limited = It holds only while a rate or a number of connections is kept.
explain-from = from { $zone }
explain-reaches = reaches { $zone }
explain-does-not-get-there = does not get there
explain-translated-by = translated by { $rule }
explain-sender-translated-by = the sender is translated by { $rule }
explain-test-kept = The test { $name } is in the pending changes
explain-keep-this = Keep this as a test
explain-keep-this-short = Keep as a test
explain-keep-lead = It is tried before each commit from then on, whatever the rules become.
explain-keep-test = Keep test
explain-description = Description
explain-why = Why it must be so.
explain-it-must = It must
explain-pass = Pass
explain-not-pass = Not pass
explain-when-not = When it does not hold
explain-refuse = Refuse the commit
explain-warn = Warn
explain-test-removed = The test { $name } is removed in the pending changes
explain-tests-before = Tests before each commit
explain-n-fail = { $failed } of { $all } do not hold
explain-n-hold = all { $all } hold
explain-no-test = There is no test yet
explain-no-test-more = Explain a packet, then keep the answer as a test: no commit may break it.
explain-tests = Tests
explain-test = Test
explain-must = Must
explain-must-pass = pass
explain-must-not-pass = not pass
explain-holds = Holds
explain-does-hold = holds
explain-does-not-hold = does not hold
explain-remove-test = Remove the test { $name }
explain-lead = What the firewall would do with the first packet of a connection, and which rule says so. Nothing is sent.
explain-packet = Packet
explain-comes-from = Comes from
explain-where-sender = where its sender is
explain-as-called = As it is called, before a port forward.
explain-of = Of
explain-what-in-force = What is in force
explain-say-who = Say who talks to whom
explain-way-here = The way of the packet stands here, rule by rule.
explain-from-port-to-port = From port to port
explain-port-of = port { $port } of { $bridge }
explain-way = The packet is
explain-routed = routed
explain-bridged = bridged
explain-in-port = In by port
explain-out-port = Out by port
explain-source-mac = MAC address of the sender
explain-destination-mac = MAC address of the receiver
explain-inside = In it
explain-ip = IP, by the addresses
explain-vlan = VLAN
states-rate = { $size }/s
