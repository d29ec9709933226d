// Small files and texts, as all tests have them.
#pragma once
#include "tests/support/files.hpp"
#include "tests/support/text.hpp"

namespace conformance {

using support::exists;
using support::lines;
using support::link_target;
using support::make_folder;
using support::names_in;
using support::read_file;
using support::remove_tree;
using support::trimmed;
using support::words;
using support::write_file;

}  // namespace conformance
