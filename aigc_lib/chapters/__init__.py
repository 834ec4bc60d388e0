"""One room for each chapter: everything that only this chapter needs."""
