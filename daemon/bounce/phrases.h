#pragma once

#include <cstdint>
#include <string_view>

namespace rastro {

// What the words of a notice or of its subject say. Bits of a set.
enum class Phrase : std::uint8_t {
  failure,        // was not delivered
  cause,          // what a refusal names, without saying that it is one
  final_failure,  // ... and will not be tried again
  delay,          // not delivered yet, still being tried
  temporary,      // the words of one, if a reply says so too
  warning_only,   // ... in the words of an MTA's own warning, whatever it quotes
  success,
  relayed,
  expanded,
  auto_reply,
  challenge,
  list_notice,
  read_receipt,
  goods,         // a parcel or an order, which are delivered too
  mail_held,     // messages for the reader are waiting somewhere
  release_link,  // ... and a link would bring them
  readers_mail,  // what the reader sent to somebody did not arrive
};
class Phrases {
 public:
  void add(Phrase phrase) { bits_ |= bit(phrase); }
  bool has(Phrase phrase) const { return (bits_ & bit(phrase)) != 0; }
  bool any() const { return bits_ != 0; }

 private:
  static std::uint32_t bit(Phrase phrase) { return 1U << static_cast<unsigned>(phrase); }
  std::uint32_t bits_ = 0;
};

// Of a notice's text; blanks and line ends count alike.
Phrases phrases_in(std::string_view text);
Phrases phrases_in_subject(std::string_view subject);

}  // namespace rastro
