"""What end-to-end encryption costs: `python -m bench.e2ee`, options with --help.

    calls       two real Chromium and the whole service, in calls of three kinds; `page.js` looks at them
    speech      what their microphones hear
    cost        a call's cost to who publishes, by thread and process, and to the server
    joins       how long joining takes
    recorder    what the recorder needs to open frames
    figures     what was measured, made figures and judged; `report` shows them

docs/performance.md tells the method.
"""
