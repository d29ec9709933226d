// Tables for people.
#pragma once
#include <string>
#include <vector>

namespace lodger::container {

using Columns = std::vector<std::string>;

/// A line for each row, all of which have as many columns as the first: at least twelve characters wide, with
/// at least three blanks between them.
std::string aligned(const std::vector<Columns>& rows);

}  // namespace lodger::container
