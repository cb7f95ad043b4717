# SPDX-License-Identifier: GPL-3.0-or-later
widgets-n-capabilities =
    { $count ->
        [one] { $count } capability
       *[other] { $count } capabilities
    }
widgets-confined = confined
widgets-confined-how = No capability, a seccomp filter, no_new_privs
widgets-seccomp = seccomp
widgets-no-seccomp = no seccomp
widgets-may-gain-rights = may gain rights
widgets-n-namespaces =
    { $count ->
        [one] { $count } namespace
       *[other] { $count } namespaces
    }
widgets-together = { $size } together
widgets-processes-held = Processes and what confines them
widgets-process = Process
widgets-user = User
widgets-held-by = Held by
widgets-memory = Memory
widgets-restarts = Restarts
widgets-up-for = Up for
widgets-all-rules = All rules
widgets-no-match = No rule has matched yet
widgets-packets = { $count } packets
widgets-share-of = Share of { $name }
widgets-over-time = { $name } over time
widgets-processors = Processors
widgets-disk = Disk
widgets-all-connections = All connections
widgets-not-counted = The kernel does not count bytes of connections
widgets-no-connection = There is no connection
widgets-n-connections =
    { $count ->
        [one] { $count } connection
       *[other] { $count } connections
    }
widgets-nothing-refused = Nothing was refused and logged
widgets-full-width = full width
widgets-half-width = half width
widgets-third = a third
widgets-is-now = { $name } is now { $at } of { $all }
widgets-drag = Drag to move it
widgets-earlier = Move { $name } earlier
widgets-later = Move { $name } later
widgets-size = { $name }: { $size }. Make it { $other }
widgets-hide = Hide { $name }
widgets-hidden = Hidden widgets
