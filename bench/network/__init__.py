"""What a call is worth on bad networks: `python -m bench.network`, options with --help.

    cases       every network that is tried, as data: RFC 8867, mobile traces, loss, delay, steps, outages
    rate        bits a second over time; `traces` makes those of a phone on the move
    link        one direction of a path: queue, delay, jitter, loss, outages
    tcp         how others' downloads send; `others` do
    encoder     what a camera's pictures weigh
    playout     when pictures and sound can be played, and what is missing then
    rtcp        what browsers and the server tell each other, written and read
    publisher   a simulated browser that sends, `subscriber` one that receives
    sealed      their end of a connection; `media` what is in its packets
    simulation  both around the real engine, on one simulated `clock`
    score       figures of it, judged; `report` and `plot` show them

    places      network namespaces for real browsers; `wire` joins them by the same links
    content     what their cameras see
    real        networks for real browsers
    browsers    two Chromium, through our server or directly; `compared` measures them in turns
    ratios      what they reported, made figures

docs/network-performance.md tells the method.
"""
