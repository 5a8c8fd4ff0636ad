#include "store/file_notes.h"

#include <set>
#include <string_view>

namespace rastro {

std::optional<EncounterNote> read_encounter_note(Database& database) {
  EncounterNote note;
  std::set<std::string, std::less<>> logins;
  std::size_t bytes = 0;
  auto row = database.prepare("SELECT kind, login FROM encounter");
  while (row.step()) {
    const auto kind = static_cast<std::size_t>(row.column_int(0));
    const std::string_view login = row.column_bytes(1);
    if (kind < note.count.size()) {
      ++note.count.at(kind);
      if (login.empty()) ++note.count_of_nobody.at(kind);
    }
    if (bytes > EncounterNote::kLoginBytesMax || logins.contains(login)) continue;
    bytes += login.size() + sizeof(std::string);
    logins.emplace(login);
  }
  if (!database.ok()) return std::nullopt;
  note.all_logins = bytes <= EncounterNote::kLoginBytesMax;
  if (note.all_logins) note.logins.assign(logins.begin(), logins.end());
  return note;
}

}  // namespace rastro
