#include "runtime/launch/init_image.hpp"

// Made by ld(1) from the program's file: runtime/init/meson.build.
extern "C" const char _binary_lodger_init_start[], _binary_lodger_init_end[];

namespace lodger::launch {

kernel::Result<kernel::Fd<kernel::Memory>> init_image() {
  auto file = TRY(kernel::memfd("lodger-init", MFD_ALLOW_SEALING | MFD_EXEC));
  TRY(kernel::write_all(file.get(), {_binary_lodger_init_start, _binary_lodger_init_end}));
  TRY(kernel::seal(file));
  return file;
}

}  // namespace lodger::launch
