#include "spec/read.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace lodger::spec {

bool read(Value value, std::string& out, const Where& where) {
  if (value.kind() != Kind::string) return where.expected("a string", value);
  out = value.take_string();
  return out.find('\0') == out.npos || where.refuse("contains a NUL character, which the kernel cannot take");
}

bool read(Value value, std::string& out, const Where& where, const Names& names) {
  if (!read(value, out, where)) return false;
  if (std::find(names.list.begin(), names.list.end(), out) != names.list.end()) return true;
  return where.refuse(fmt::format("unknown {} {}", names.kind, quoted(out)));
}

void Object::remark(std::string_view written, std::string_view name) const {
  where_.remark(fmt::format("{} is taken for {}: case counts in names", quoted(written), quoted(name)));
}

bool read(Value value, bool& out, const Where& where) {
  if (value.kind() != Kind::boolean) return where.expected("a boolean", value);
  out = value.boolean();
  return true;
}

bool read_natural(Value value, std::uint64_t highest, std::uint64_t& out, const Where& where) {
  const Kind kind = value.kind();
  if (kind != Kind::natural && kind != Kind::negative) return where.expected("an integer", value);
  if (kind == Kind::negative && value.negative() < 0)
    return where.refuse(fmt::format("expected 0 to {}, found {}", highest, value.negative()));
  out = kind == Kind::natural ? value.natural() : static_cast<std::uint64_t>(value.negative());
  return out <= highest || where.refuse(fmt::format("expected 0 to {}, found {}", highest, out));
}

bool read_signed(Value value, std::int64_t lowest, std::int64_t highest, std::int64_t& out,
                 const Where& where) {
  const Kind kind = value.kind();
  if (kind == Kind::natural) {
    const std::uint64_t found = value.natural();
    if (found > static_cast<std::uint64_t>(highest))
      return where.refuse(fmt::format("expected {} to {}, found {}", lowest, highest, found));
    out = static_cast<std::int64_t>(found);
    return true;
  }
  if (kind != Kind::negative) return where.expected("an integer", value);
  out = value.negative();
  return out >= lowest || where.refuse(fmt::format("expected {} to {}, found {}", lowest, highest, out));
}

}  // namespace lodger::spec
