// The readers of the model's objects, one per struct that another file's reader needs. Internal to spec/.
#pragma once
#include "spec/config.hpp"
#include "spec/read.hpp"

namespace lodger::spec {

[[nodiscard]] bool read(Value value, IdMapping& out, const Where& where);
[[nodiscard]] bool read(Value value, Mount& out, const Where& where);
[[nodiscard]] bool read(Value value, Process& out, const Where& where);
[[nodiscard]] bool read(Value value, Linux& out, const Where& where);
[[nodiscard]] bool read(Value value, Resources& out, const Where& where);
[[nodiscard]] bool read(Value value, Seccomp& out, const Where& where);

}  // namespace lodger::spec
