#include "core/line_kind.h"

#include <array>

namespace rastro {

std::string_view line_kind_name(LineKind kind) {
  static constexpr std::array<std::string_view, kLineKindCount> kNames = {
#define RASTRO_KIND(name, text) text,
      RASTRO_LINE_KINDS(RASTRO_KIND)
#undef RASTRO_KIND
  };
  const auto index = static_cast<std::size_t>(kind);
  return index < kNames.size() ? kNames[index] : std::string_view{};
}

}  // namespace rastro
