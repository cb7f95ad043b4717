# SPDX-License-Identifier: GPL-3.0-or-later
topology-lead = What is plugged in where, and who may reach whom. As it is in force now.
topology-as-picture = Picture
topology-as-table = Tables
topology-search = Search the topology
topology-search-hint = Search name, address, zone
topology-counts =
    { $zones ->
        [one] { $zones } zone
       *[other] { $zones } zones
    }, { $ports ->
        [one] { $ports } interface
       *[other] { $ports } interfaces
    }
topology-unreadable = The topology cannot be read
topology-none = No interface
topology-picture = Topology
topology-how = Arrow keys go from thing to thing, Enter opens it. The tables say the same.
topology-this-box = { $name }, this box
topology-the-box = this box
topology-no-zone = In no zone
topology-reaches = reaches
topology-reaches-nobody = reaches nobody
topology-itself = itself
topology-everything-else = everything else
topology-n-destinations = { $count } destinations
topology-n-more = { $count } more
topology-on-link = directly attached
topology-zone = Zone { $name }
topology-zone-head = Zone
topology-pair = From { $from } to { $to }: { $verdict } { $words }
topology-port = Interface { $name }: { $state }, addresses: { $addresses }
topology-net = Network { $net } on { $name }, this box is { $own }
topology-gate = Router { $via } behind { $name }, for { $to }
topology-here = this box: { $own }
topology-too-many = There are too many ways to draw at once: point at a zone, or go to it, to see those of it.
topology-links = Interfaces, networks and routers
topology-addresses = Addresses
topology-networks = Networks
topology-routers = Routers
topology-who-reaches = Who reaches whom
topology-passes = What passes
topology-rules = Rules
