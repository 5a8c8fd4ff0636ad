#include "daemon/log_origin.h"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace rastro {

bool is_exim_reject_log(std::string_view path) {
  const auto name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  return name.ends_with("rejectlog") || name.ends_with("reject.log");
}

std::string machine_host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  std::string host(name.data());
  return host.substr(0, host.find('.'));  // as syslog writes it
}

bool is_newest_first(std::string_view text, LineOrigin& origin) {
  std::optional<Time> first;
  std::optional<Time> last;
  std::size_t up = 0;
  std::size_t down = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    RawLine raw;
    raw.text = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto line = LinePipeline::read_header(origin, raw);
    if (!line.headed) continue;
    const auto at = line.header.logged_at;
    if (last) (at < *last ? down : up) += at == *last ? 0 : 1;
    if (!first) first = at;
    last = at;
  }
  // A few lines of several hosts may each be late by a little.
  constexpr std::size_t kDownMin = 2;
  constexpr std::size_t kDownMany = 8;
  constexpr Duration kLateMax = std::chrono::minutes(1);
  constexpr std::size_t kDownForEachUp = 4;
  const Duration back = first && last ? *first - *last : Duration::zero();
  if (down < kDownMin || down <= kDownForEachUp * up || back <= Duration::zero()) return false;
  return down >= kDownMany || back > kLateMax;
}

std::unique_ptr<LineOrigin> make_line_origin(const Generation& generation,
                                             const SourceSettings& settings,
                                             std::optional<int> year) {
  const auto format = settings.format == LogFormat::syslog ? LineFormat::syslog
                      : settings.format == LogFormat::exim ? LineFormat::exim
                                                           : LineFormat::unknown;
  StampReader stamps(settings.timezone, generation.modified_at);
  if (year) stamps.set_year(*year);
  auto origin =
      std::make_unique<LineOrigin>(generation.source, generation.path, format, stamps,
                                   settings.host.empty() ? machine_host_name() : settings.host);
  origin->override_host = !settings.host.empty();
  return origin;
}

}  // namespace rastro
