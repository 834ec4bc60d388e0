"""The room of chapter 21, outlook: five fields that were promised much, one measurement each.

Its own files:
    city.py              bikes of the next day: scenarios, pinball loss, coverage, rivals
    data.py              data set: the bikes lent in Washington, hour by hour, 2011
    education.py         sums written by a small GPT, marked by a program, solved by others
    exercises.py         checks: bills, orders, variances, copies, filters, depths, numbers
    medicine.py          invented patients beside real ones; the classifier; copies
    news.py              a week's figures, a template, and a program that looks numbers up
    record_city.py       five forecasts of the bikes, chosen in autumn, tested at the year's end
    record_education.py  what three models write at each level, and what three others solve
    record_medicine.py   five ways with 20, 100 and 300 labels, over ten splits
    record_news.py       a chat model's reports of 17 weeks, and what is true in them
    record_scene.py      a field from 4, 12 and 36 photographs; from half a circle and a whole
    results/             the records: city, education, medicine, news, scene
    scene.py             a synthetic scene, its photographs, a radiance field, the nearest view
    tabular.py           a flow and a GAN for rows of numbers under a condition

What it uses of the shared packages:
    core.contest               what the verdicts rest on
    core.optim                 the learning rate's curve
    core.results               reads and writes the records
    core.runtime               the size of the work
    core.show                  figures, numbers with bounds
    core.stats                 student, wilson and bootstrap: intervals
    core.training              the rows that a loop tells
    data.cache                 fetch: the folder of the bikes
    data.packages              takes the bikes out of a package archive
    data.sources               what a data set is
    gan.losses                 the non-saturating loss
    gan.state                  the two players
    gan.training               one step of each
    lm.batches                 windows of the sums
    lm.sampling                drafts
    lm.training                the loop of the small GPT
    metrics.neighbours         the nearest real patient, and who counts as a copy
    nets.gpt                   the small GPT
    pretrained.chat_model      SmolLM2, which writes reports
"""
