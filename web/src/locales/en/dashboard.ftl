# SPDX-License-Identifier: GPL-3.0-or-later
dashboard-throughput-of = Throughput of { $name }
dashboard-something-is-wrong = Something is wrong
dashboard-alarms = Alarms
dashboard-critical = Critical
dashboard-warning = Warning
dashboard-seen-by = seen by { $owner }
dashboard-throughput = Throughput
dashboard-no-interface = No interface is configured
dashboard-machine = Machine
dashboard-rules = Busiest rules
dashboard-talkers = Top talkers
dashboard-refused = Refused last
dashboard-processes = Processes
dashboard-unreadable = The status cannot be read
dashboard-this-appliance = This appliance
dashboard-lead = Patronus { $version }, running for { $time }
dashboard-plots-show = Plots show
dashboard-ten-minutes = 10 minutes
dashboard-day = 24 hours
dashboard-as-it-was = As it was
dashboard-arrange = Arrange
dashboard-arranged-elsewhere = The dashboard was arranged elsewhere meanwhile. This is how it is now.
dashboard-health = Health
dashboard-n-alarms =
    { $count ->
        [one] { $count } alarm
       *[other] { $count } alarms
    }
dashboard-all-well = All well
dashboard-n-running =
    { $count ->
        [one] { $count } process running
       *[other] { $count } processes running
    }
dashboard-n-not-running =
    { $count ->
        [one] { $count } process not running
       *[other] { $count } processes not running
    }
dashboard-of = of { $total }
dashboard-configuration = Configuration
dashboard-revision = Revision { $revision }
dashboard-on-trial = another one is on trial
dashboard-in-force = in force
dashboard-links = Links
dashboard-links-up = { $up } of { $all } up
