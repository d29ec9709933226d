"""One command in a throw-away virtual machine, made of Debian packages alone."""
