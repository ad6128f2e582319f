"""The full-screen `care triage`: panes and keys over `carecli.workspace.seat`, without a rule of its own.

app        the screen: layout, keys, what is shown when      actions   what each key does
lanes      threads, each with its own connection             live      what others changed, and the clock
queue      the virtual list of cases                         panes     conversation and context
editor     the reply                                         dialogs   questions, choices, help
overview   the pictures                                      paint     cells: the only way of text to the screen
"""
