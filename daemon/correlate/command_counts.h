#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rastro {

// How often a client gave a command, and how often it succeeded.
struct CommandCount {
  std::uint32_t good = 0;
  std::uint32_t all = 0;
  friend bool operator==(const CommandCount&, const CommandCount&) = default;
};

// Of smtpd's "ehlo=1 mail=2 rcpt=1/2 data=0/1": what stands behind `command`=; zero when the
// command was not given. nullopt: there are no counts (versions before 3.0).
std::optional<CommandCount> command_count(std::string_view counts, std::string_view command);

// How often content was sent, by DATA or in chunks by BDAT.
std::optional<CommandCount> content_counts(std::string_view counts);

}  // namespace rastro
