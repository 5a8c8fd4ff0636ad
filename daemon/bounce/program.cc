#include "daemon/bounce/program.h"

#include <re2/re2.h>

#include "core/address.h"
#include "daemon/bounce/address.h"
#include "daemon/bounce/lines.h"
#include "daemon/bounce/reply.h"

namespace rastro {
namespace {

constexpr std::size_t kHead = 8'000;

// Outlook's numbers and tasks; iOS's Outbox; Thunderbird; K-9; Roundcube; PHPMailer; Samsung.
bool is_of_program(std::string_view text) {
  static const RE2 marks(
      R"re((?i)\b0x(?:800ccc[0-9a-f]{2}|8004[0-9a-f]{4}|800[0-9a-f]{5})\b)re"
      R"re(|\b(?:task|tarea|tâche|aufgabe|attività|tarefa) ['"‘“«][^'"\n]{3,80}['"’”»] (?:reported|informó|ha notificado|a signalé|meldet|hat einen fehler|ha segnalato|relatou))re"
      R"re(|\b(?:placed|left|moved) in (?:your|the) outbox\b|\bcopia (?:en|a) la bandeja de salida\b|\bcopie [^.]{0,30}boîte d['’]envoi\b|\bim postausgang (?:abgelegt|platziert))re"
      R"re(|\bthe mail server responded:|\bel servidor de correo respondi[oó]:|\bder mail-?server antwortete:|\ble serveur de messagerie a répondu|\bil server di posta ha risposto)re"
      R"re(|\bsending of (?:the )?message failed\b|\berror occurred while sending (?:the )?mail\b|\bproducido un error al enviar el correo\b|\boutgoing server \(smtp\))re"
      R"re(|\bnegative smtp reply\b|\bfailed to send some messages\b|\bcannot send mail\b|\bno se p(?:uede|udo) enviar el correo\b|\bno se ha podido enviar el mensaje: el servidor respondi[oó])re"
      R"re(|\bsmtp error \(\d{3}\)|\berror smtp \(\d{3}\)|\bsmtp-fehler \(\d{3}\)|\berreur smtp \(\d{3}\)|\berrore smtp \(\d{3}\)|\berro (?:de )?smtp \(\d{3}\))re"
      R"re(|\bsmtp error: (?:could not |the following |data not accepted)|\bmailer error: )re"
      R"re(|\b(?:protocol|protocolo|protokoll|protocole|protocollo): smtp\b)re");
  return RE2::PartialMatch(text, marks);
}

// Of a login, whoever says them.
bool tells_login(std::string_view text) {
  static const RE2 words(
      R"re((?i)\bunable to authenticate to (?:the )?(?:outgoing|smtp)\b|\bsmtp error: could not authenticate\b|\blogin to server \S+[^\n]{0,120} failed\b)re"
      R"re(|\binicio de sesión en el servidor \S+[^\n]{0,120} fall[oó]|\brejected your (?:login|user ?name)|\brechazó (?:el|su) inicio de sesión\b)re"
      R"re(|\b(?:user ?name|nombre de usuario|nom d['’]utilisateur|benutzername|nome utente|nome de usu[aá]rio)\b[^.\n]{0,12}\b(?:password|contraseña|mot de passe|passwor[td]|kennwort|senha|palavra-passe)\b[^\n]{0,80}\b(?:incorrect|wrong|invalid|incorrect[oa]s?|no v[aá]lid|falsch|ungültig|errat|non corrett)\pL*)re"
      R"re(|\bincorrect authentication data\b|\b(?:enter|type) your user ?name and password for the following server\b|\bescriba su nombre de usuario y contraseña para el siguiente servidor\b)re");
  return RE2::PartialMatch(text, words);
}

// The same words may be of SPF or DKIM where no mail program shows them.
bool tells_authentication(std::string_view text) {
  static const RE2 words(
      R"re((?i)\b(?:authentication|login|log-?in|sign-?in) (?:has |was )?(?:failed|failure|error|unsuccessful|rejected|refused)\b|\b(?:failed|unable|could not|couldn['’]t) (?:to )?(?:authenticate|log ?in|sign in)\b)re"
      R"re(|\b(?:error|fallo|falló)(?: de| en)?(?: la| el)? (?:autenticación|inicio de sesión)\b|\b(?:autenticación|inicio de sesión)[^.\n]{0,20}(?:falló|ha fallado|fallid[oa]|rechazad[oa]))re"
      R"re(|\bauthentifizierung[^.\n]{0,20}fehlgeschlagen|\banmeldung[^.\n]{0,20}fehlgeschlagen|échec de l['’]authentification\b|\bauthentification[^.\n]{0,20}échoué|\bautenticazione[^.\n]{0,20}(?:fallita|non riuscita)|\b(?:falha|erro) (?:na|de) autenticação)re");
  return RE2::PartialMatch(text, words);
}

bool tells_unreached(std::string_view text) {
  static const RE2 words(
      R"re((?i)\b0x(?:80042108|80042109|800ccc0e|800ccc0d|800ccc0f|800ccc19|800ccc6d)\b|\b(?:cannot|can['’]t|could not|couldn['’]t|unable to|failed to) (?:connect|be reached)(?: to)?\b|\bno se p(?:uede|udo) (?:conectar|establecer (?:una |la )?conexión)\b|\bno (?:ha podido|pudo|puede) conectar|\bcould not connect\b|\bconnection (?:timed out|refused|to the server was interrupted)|\bagotado el tiempo de (?:espera|conexión)|\bkeine verbindung\b|\bimpossible de se connecter\b|\bimpossibile (?:connettersi|stabilire)|\bnão foi possível (?:ligar|conectar))re");
  return RE2::PartialMatch(text, words);
}

}  // namespace

ProgramError program_error(std::string_view text) {
  static const RE2 of_domains(R"((?i)\b(?:spf|dkim|dmarc)\b)");
  text = text.substr(0, kHead);
  const bool of_program = is_of_program(text);
  const auto reply = best_reply(text);
  const bool login_code = is_login_reply(text);
  if (of_program && reply.code != 0 && !login_code) return ProgramError::refused;
  if (RE2::PartialMatch(text, of_domains)) return ProgramError::none;
  if (of_program && (login_code || tells_authentication(text))) return ProgramError::login;
  if (tells_login(text)) return ProgramError::login;
  if (!of_program) return ProgramError::none;
  return tells_unreached(text) ? ProgramError::unreached : ProgramError::refused;
}

std::string account_of(std::string_view text) {
  static const RE2 named(
      std::string(
          R"((?i)\b(?:task|tarea|tâche|aufgabe|attività|tarefa|account|cuenta|compte|konto|conta|user ?name|nombre de usuario|nom d['’]utilisateur|benutzername|nome utente|login|user=|usuario)\b[^@\n]{0,12}?[\s:='"‘“«(]()") +
      address_pattern() + ")");
  text = text.substr(0, kHead);
  std::string found;
  if (RE2::PartialMatch(text, named, &found)) return clean_address(found);
  const auto all = addresses_in(text, 2);
  return all.size() == 1 ? all.front() : std::string();
}

}  // namespace rastro
