"""What the command line, the web and the jobs all call: the store joined with the pure rooms."""
