#include "daemon/log_origin.h"

#include <unistd.h>

#include <array>

namespace rastro {

std::string machine_host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  std::string host(name.data());
  return host.substr(0, host.find('.'));  // as syslog writes it
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
