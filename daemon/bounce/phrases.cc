#include "daemon/bounce/phrases.h"

#include <re2/re2.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rastro {
namespace {

struct Rule {
  Phrase phrase;
  const char* pattern;
};

// Fixed phrases of MTAs and providers; the first column says what they mean.

// Not delivered, in English.
constexpr Rule kFailures[] = {
    {Phrase::failure,
     R"((?:could|can|did|was|were|is|has|have|may) ?(?:not|n['’]t)(?: be| been)? (?:delivered|sent|reach|accepted|be reached|processed))"},
    {Phrase::failure,
     R"(undeliver(?:able|ed)|non.?deliver(?:y|able)|returned mail|mail (?:was )?returned|returned to (?:you|the sender)|return(?:ed|ing) (?:the|your) (?:mail|message))"},
    {Phrase::failure,
     R"(deliver(?:y|ing)[^.:;]{0,80}(?:has |have )?(?:failed|aborted|not possible|impossible)|failed to (?:deliver|reach|send)|delivery (?:failure|error|problem|status notification ?\(failure)|(?:unable|not able|failed|impossible) to (?:be )?(?:deliver|send|relay|reach|route)|permanent (?:fatal |delivery )?(?:error|failure)|fatal (?:error|delivery)|following (?:address|recipient)[^.]{0,40}(?:fail|reject|returned))"},
    {Phrase::failure,
     R"(rejected (?:your|the) (?:message|mail|e-?mail|recipient)|(?:was|were|been) (?:rejected|refused) by the (?:mail |smtp |remote )?server|did not (?:exactly )?match an?y?\b|message (?:was |has been )?(?:rejected|refused|blocked|bounced)|did not (?:reach|receive)|no such (?:user|person|recipient|mailbox)|unknown (?:user|recipient|mailbox|local.part)|user (?:is )?(?:unknown|not found|doesn['’]t exist)|couldn['’]t be (?:found|delivered|sent)|wasn['’]t (?:found|delivered|able to)|not a valid (?:user|recipient|mailbox|address)|address not found|message blocked|message not delivered|not listed in)"},
};

// Not delivered, in other languages and words.
constexpr Rule kMoreFailures[] = {
    {Phrase::failure,
     R"((?:encountered|had) (?:permanent |delivery )*(?:errors|problems)|(?:trouble|problems?) (?:delivering|sending)|error (?:sending|delivering|(?:has )?occurred)|failed (?:recipients|addresses)|-{3,} ?failure reasons? ?-{3,}|encountered an error|was aborted after|this left no recipient addresses|(?:there are|contained|contains|has|had) no (?:valid )?recipient addresses)"},
    // Postfix's own words, when only its line is pasted.
    {Phrase::failure,
     R"(connect to [^\s\[]{1,255}\[[0-9a-f.:]+\](?::\d+)?: (?:connection|operation|no route|network)|name service error for (?:name=|domain )|lost connection with [^\s\[]{1,255}\[|conversation with [^\s\[]{1,255}\[[^\]]{1,64}\] timed out)"},
    {Phrase::failure,
     R"(tls is required, but (?:was )?not offered|server certificate not (?:trusted|verified)|domain \S+ does not accept mail|can['’]t create user output file|message size \d+ exceeds size limit|unable to look ?up host|(?:bounce|trace)[a-z ]{0,20} service failure|\bunrouteable (?:mail )?(?:address|domain)|too many \"?received\"? headers|all relevant mx records point to|has exceeded the max(?:imum)? (?:defers|emails)|(?:user|recipient|mailbox|address)e?s? (?:is )?(?:not known|unknown|not found): ?<?[^\s@]+@|no me deja (?:enviar|mandar)[^.]{0,200}(?:llen[oa]|no existe|error|rechaza|bloque|desconocid))"},
    {Phrase::failure,
     R"(nicht (?:zugestellt|zustellbar|übermittelt|ausgeliefert|erreicht|gefunden)|unzustellbar|zustellung[^.]{0,40}(?:fehlgeschlagen|nicht möglich|gescheitert)|fehler bei der (?:zustellung|übermittlung)|konnte[^.]{0,80}nicht)"},
    {Phrase::failure,
     R"(n['’](?:a|ont) (?:pas )?pu être|échec de (?:la )?(?:remise|distribution|livraison)|n['’]a pas (?:pu )?(?:été|être) (?:remis|délivré|distribué|envoyé|remise)|non (?:remis|distribu|délivr)|impossible de (?:remettre|distribuer|délivrer|livrer)|échoué)"},
    {Phrase::failure,
     R"(non (?:è|e') stato (?:possibile )?(?:recapita|consegna)|impossibile (?:recapitare|consegnare)|mancat[oa] (?:recapito|consegna)|recapito[^.]{0,60}non riuscit|non recapita|indirizzo non trovato)"},
    {Phrase::failure, R"(não (?:foi|pôde|pode|foram) (?:possível )?(?:ser )?(?:entreg|enviad)|falha (?:na|de|ao) (?:entrega|entregar)|não entreg|endereço não encontrado|não foi possível entregar|n[ãa]o pode ser entregue)"},
    {Phrase::failure,
     R"(niet (?:worden )?(?:bezorgd|afgeleverd|gevonden)|onbestelbaar|kon niet worden|nie (?:mógł|może|można|została?|udało się)[^.]{0,30}dostarcz|niedostarcz|не (?:может быть |удалось |было |был )?доставлен|недоставлен|не удалось (?:доставить|отправить)|невозможно доставить|nelze doručit|nedoručiteln|kunne ikke leveres|kunde inte levereras|teslim edilemedi|配信(?:でき|不能|に失敗)|届けられ|送信できません|送達でき|无法(?:投递|送达|传递|发送)|退(?:信|回)|傳送失敗|無法(?:傳遞|送達|遞送)|(?:전송|배달|발송)(?:되지|하지| 실패|할 수 없|에 실패)|반송|no (?:se )?(?:pud?o|pudimos|hemos podido|ha podido|ha sido posible|fue posible|se puede|pudieron)(?: ser)? (?:entrega|enviar|hacer)|no (?:se )?(?:(?:te |le )?entreg(?:ó|aron|a\b)|envi(?:ó|aron) (?:el|su|tu)\b)|(?:se (?:ha )?bloque(?:ó|ado)|mensaje bloqueado)|no (?:se )?(?:entregad[oa]|ha entregado)|no (?:ha )?(?:llegado|sido entregad[oa])|error (?:al|en la|de) (?:entrega|enviar)|no se ha encontrado la direcci|devuelto|fallo en la entrega|no entregable|no se ha (?:podido )?entrega|imposible entregar|rechazad[oa])"},
    {Phrase::failure,
     R"((?:bezorg|aflever)(?:ing|en)[^.]{0,100} mislukt|配信に失敗|未能传递|无法传递|配信され(?:ません|ていません)|전달(?:되지|하지|할 수 없|에 실패)|被(?:对方|對方)?[^.]{0,24}(?:拒绝|拒絕)|gick inte att leverera|kan inte levereras|kan ikke leveres|(?:fejl|feil) under lever|lever(?:ing|ans)[^.]{0,60} (?:mislyk|misslyck)|doručení[^.]{0,60} (?:nezdařilo|selhalo)|dostarczenie[^.]{0,60} nie powiodło|tesli(?:m|mi|mat)[^.]{0,40} başarısız|toimitus[^.]{0,60} epäonnistui|kézbesít[^.]{0,60} (?:sikertelen|nem sikerült)|livrarea[^.]{0,60} (?:nu a reușit|a eșuat)|nu a putut fi livrat|η παράδοση[^.]{0,60} απέτυχε|δεν ήταν δυνατή η παράδοση|сбой доставки|не вдалося доставити|(?:your|the|this|an?) (?:message|mail|e-?mail) (?:sent )?(?:by|from)[^.]{0,140} (?:was|has been|were) (?:blocked|rejected|refused|returned)|encountered while trying to deliver|unknown [^.]{0,20}recipient(?:s|\(s\))?:|delivery of [^.]{0,40}(?:was|has been) (?:stopped|blocked|cancell?ed|refused)|weren[\'’]t able to post|may not have permission to post messages to the group)"},
    {Phrase::failure,
     R"(nepodařilo[^.]{0,30} doručit|neby[lt]\pL? (?:možné )?doruč|nedoruč|nepodarilo[^.]{0,30} doručiť|(?:ikke|inte) (?:kunnet |kunnat )?(?:blive |bli )?(?:levere|aflevere|sende|skicka)|ei (?:voitu|voida|voi|pystytty)[^.]{0,40} ?toimit|ei toimitettu|toimittaminen[^.]{0,60} epäonnistui|nem (?:sikerült|lehet(?:ett|séges)?)[^.]{0,30} ?(?:kézbesít|elküld)|kézbesíthetetlen|nu (?:a|s-a|poate|au)[^.]{0,20} (?:livrat|trimis|livra)|nije (?:moguće |bilo moguće )?(?:isporuč|dostav)|ni bilo mogoče dostaviti|neisporuč|teslim edile(?:me|mi)|gönderileme)"},
    {Phrase::failure,
     R"(δεν (?:παραδόθηκε|μπόρεσε να παραδοθεί|ήταν δυνατή)|αδυναμία παράδοσης|не (?:вдалося|може бути|було|був) (?:доставлен|доставити|надісла)|неможливо доставити|не (?:може да бъде|беше) доставен|nepavyko (?:pristatyti|išsiųsti)|neizdevās (?:piegādāt|nosūtīt)|nevarēja piegādāt|ei (?:õnnestunud|saanud)[^.]{0,30} toimetada|không (?:thể )?(?:gửi|chuyển)|tidak (?:dapat|bisa|berhasil) (?:di)?(?:kirim|sampaikan|antar)|ไม่สามารถส่ง|تعذر (?:تسليم|إرسال)|لم يتم تسليم|לא ניתן (?:היה )?למסור|לא נמסר)"},
    {Phrase::failure,
     R"(no s['’]ha (?:pogut )?(?:lliura|trobat)|non se (?:entregou|atopou|puido entregar)|ezin izan da (?:entregatu|bidali)|ez da (?:helbidea )?aurkitu|n['’]est pas parvenu|n['’]ai pas pu (?:délivrer|distribuer|remettre)|impossible de joindre|non ha raggiunto|impossibile contattare|no llegó a (?:algun|ningun|un[oa]|tod)|no se p(?:udo|uede) (?:encontrar|localizar) a|não chegou a (?:algun|tod)|未能(?:向|送达|投递|发送)|(?:your|the|this|an?) (?:message|mail|e-?mail) to[^.]{0,100} (?:was|has been|were) (?:blocked|rejected|refused|returned)|\brejected-for:)"},
    {Phrase::failure,
     R"((?:votre|le) (?:message|courriel|e-?mail|mail)[^.]{0,100} a été (?:bloqué|rejeté|refusé|retourné|écarté)|(?:ihre|deine|die|eine) (?:nachricht|e-?mail|mail)[^.]{0,100} wurde[^.]{0,40} (?:blockiert|abgelehnt|zurückgewiesen|abgewiesen|verworfen|nicht angenommen|zurückgesandt)|(?:su|tu|el) (?:mensaje|correo|e-?mail)[^.]{0,100} (?:ha sido|fue|se ha) (?:bloquead|rechazad|devuelt|descartad)|(?:uw|het|je) (?:bericht|e-?mail)[^.]{0,100} (?:is|werd) (?:geweigerd|geblokkeerd|teruggestuurd))"},
    {Phrase::failure,
     R"((?:il|la|tu[oa]|su[oa]) (?:messaggio|e-?mail|mail)[^.]{0,100} è stat[oa] (?:bloccat|rifiutat|respint|scartat)|(?:sua|tua|seu|teu|a|o) (?:mensagem|e-?mail)[^.]{0,100} foi (?:bloquead|rejeitad|recusad|devolvid|descartad)|n['’]a pas pu etre|non (?:può|puo|possono|poteva) essere (?:consegnat|recapitat|inviat)|mancata consegna|loops back to myself|mail (?:forwarding )?loop for |smtp error from remote mail(?:er| server) after |(?:has|have) (?:blocked|rejected|stopped|refused) (?:the following|your|this|an|the) (?:e-?mail|message|mail)\b|no (?:se )?ha(?:n)? (?:podido |sido )*(?:ser )?enviado|no fue enviado|\bmensaje no enviado)"},
};

constexpr Rule kCauses[] = {
    // Why, where a paste says no more. In a letter with headers these words prove nothing.
    {Phrase::cause,
     R"(automatically rejected|(?:user|name|address|mailbox|recipient)['’a-z ]{0,24} (?:is|was) not found|[;(] ?failed[;:] |(?:bad|invalid) destination mailbox|user not known|recipient name is not recogni|domain (?:does not|doesn['’]t) exist|could not find a gateway|quota (?:is |was )?exceeded|over quota|(?:mailbox|inbox|account|buzón|postfach|boîte) (?:is |está |ist |est )?(?:full|lleno|voll|pleine)|exceeds allowed size|unknown host|host unknown|no valid recipients|invalid (?:final |delivery )*(?:userid|recipient|user)|(?:address|account|user|recipient|mailbox|usuario|dirección|cuenta|buzón)(?: [^\s.]{3,80})? (?:does not|doesn['’]t|no) (?:exist|existe))"},
    {Phrase::cause,
     R"((?:bo[iî]te(?: aux lettres)?|caixa(?: de correio| postal)?|buz[oó]n|bandeja de entrada|casella(?: postale)?|postfach|inbox|mailbox)[^\n]{0,80} (?:est[aá]?|è|ist|is) (?:pleine|cheia|llen[ao]|piena|voll|full)\b|domain [^\n]{1,255} (?:could not|cannot|can['’]t) be found|dominio[^.\n]{0,40} no existe|winsock error|connection (?:timed out|refused)|已满|已滿|空间不足|不存在|找不到|いっぱい|存在し(?:ない|ません)|見つかりません|не найден|не существует|переполнен|\bno longer exists?\b|\bya no existe|non esiste più|n[\'’]existe plus|existiert nicht mehr|não existe mais)"},
    // And never will be.
    {Phrase::final_failure,
     R"(permanent(?:ly| error| fatal| failure)|delivery has failed to these recipients|error de entrega a est[oa]s destinatarios|fehler bei der nachrichtenzustellung an folgende|échec de la remise pour ces|recapito non riuscito per (?:quest|i seguent)|falha na entrega (?:a|para) est[ea]s destinatários|(?:giving|given|gave) up|\b(?:i|we) give up|no further (?:attempts?|delivery)|won['’]t be (?:retried|tried again)|will not be (?:retried|tried again|attempted)|(?:removed|deleted|dropped) from (?:the |our )?(?:mail )?queue|not be retried|retry time(?:out)? (?:not reached for any host after|exceeded)|error permanente|dauerhafter fehler|permanenter fehler|erreur permanente|errore permanente|erro permanente|i(?:'m| am) (?:sorry|afraid)[^.]{0,120}(?:could not|wasn't able)|could not be delivered (?:to|for) [^.]{0,80}(?:\d+ days)|has been (?:returned|bounced)|message (?:has )?expired|been in the queue too long|maximum (?:time|number of attempts)|delivery time expired)"},
};

// Not yet.
constexpr Rule kDelays[] = {
    {Phrase::delay,
     R"(not (?:yet )?been (?:yet )?delivered(?: yet)?[^.]{0,80}after more than|has not yet been delivered|not yet been (?:delivered|sent)|yet to be delivered|still (?:being retried|trying|undelivered after|queued|be(?:ing)? (?:re)?tried)|will (?:keep|continue|be) (?:trying|retry|retried|to (?:re)?try|to attempt|to be)|attempts? (?:to deliver[^.]{0,60})?will (?:continue|be made)|will (?:try|retry|be tried) (?:again|for|to)|retry for \d+)"},
    {Phrase::delay,
     R"(warning message only|(?:you )?do(?:es)? not (?:need|have) to (?:resend|re-send|send)|no need to (?:re-?send|send)|(?:don['’]t|do not) (?:resend|try to resend|need to (?:resend|take))|no action is required|just a warning|advisory.only|this is (?:only )?a warning|temporar(?:y|ily) (?:delay|problem)[^.]{0,80}deliver[^.]{0,100}will|(?:has been|is|was|were|have been) (?:temporarily )?(?:delayed|deferred|postponed)|delivery (?:is |was |has been )?(?:delayed|deferred|postponed)|delay(?:ed)? (?:notification|in (?:the )?delivery)|delivery to the following recipients? has been delayed|message delayed|delay reason)"},
    {Phrase::delay,
     R"(could not send (?:the )?message for (?:the )?past|undelivered (?:after|for) (?:\d+|four|several) (?:hour|minute|day)|not been delivered (?:for|after) \d+ (?:hours|minutes)|for the (?:past|last) \d+ (?:hours|minutes)[^.]{0,120}(?:will|continue|keep)|no es necesario (?:que )?(?:volver a enviar|reenv|vuelva)|(?:se ha|ha sido|está siendo|fue|se) (?:retrasad|demorad|aplazad|pospuest|demora)|entrega (?:retrasada|demorada|aplazada)|(?:se )?(?:seguirá|volverá a|continuará|seguirán|seguiremos|volveremos)[^.]{0,20}(?:intent|entreg)|todavía no se ha (?:podido )?entrega|no (?:se )?ha(?:n)? (?:podido |sido )*(?:ser )?(?:entreg|envi)\pL+ (?:todavía|aún)|\((?:intento|attempt) \d+ (?:de|of) \d+\)|aún no (?:se )?ha (?:podido |sido )?(?:ser )?entrega|reintentar[áa] (?:la entrega|el envío|durante)|no tiene que (?:volver|hacer)|no hace falta que)"},
    {Phrase::delay,
     R"(verzögert|verzögerung|noch nicht (?:zugestellt|übermittelt|ausgeliefert)|wird (?:weiter|erneut|noch)[^.]{0,40}versuch|weitere zustellversuche|nicht erneut (?:zu )?senden|bisher nicht zugestellt|nur eine warnung)"},
    {Phrase::delay,
     R"((?:a été|est|ont été|été) (?:retardée?|différée?|reportée?)|retard (?:de|dans la) (?:remise|distribution|livraison)|pas encore (?:été|pu être) (?:remis|délivré|distribué|livré)|(?:continuera|va continuer|nouvelles? tentatives?)[^.]{0,40}|pas (?:nécessaire|besoin) de (?:le )?renvoyer|n['’]avez pas besoin de renvoyer)"},
    {Phrase::delay,
     R"((?:è stat[oa]|sono stat[ei]) (?:ritardat|rinviat|posticipat)|in ritardo|non (?:è )?ancora (?:stat[oa] )?(?:recapita|consegna)|continuer(?:à|anno)[^.]{0,30}tentar|non è necessario (?:rinviare|inviare)|(?:está|foi|foram) (?:atrasad|adiad)|ainda não foi (?:possível )?entreg|continuará(?:mos)? (?:a )?tentando|não é necessário reenviar|entrega atrasada|atraso na entrega)"},
    {Phrase::delay,
     R"(vertraagd|nog niet (?:bezorgd|afgeleverd)|opóźnion|отложен|задерж|ещё не доставлен|еще не доставлен|повторные попытки|status=deferred\b|zpožděn|forsinket|försenad|gecik|遅延|遅れて|再送を(?:試|続)|延迟|延遲)"},
    {Phrase::delay,
     R"((?:dosud|zatím|ještě) neby[lt]|doposiaľ neb|(?:endnu|ennå|ännu|enda) (?:ikke|inte) |ei ole vielä |még nem |jeszcze (?:nie )?(?:nie )?(?:został\pL* )?dostarcz|henüz teslim|încă nu a |još (?:uvijek )?nije |ще не (?:доставлен|вдалося)|尚未(?:送达|送達|投递|投遞)|아직 (?:배달|전송|전달))"},
    // An entry of "postqueue -p": id, size, when.
    {Phrase::delay,
     R"(\b[0-9a-z]{8,20} +\d+ (?:mon|tue|wed|thu|fri|sat|sun) (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) +\d+ \d\d:\d\d:\d\d |versucht (?:noch|weiterhin) [^.]{0,60}zu (?:senden|zustellen)|there was a temporary problem (?:while )?delivering|enqueued and undeliverable for \d+)"},
    {Phrase::delay, R"(delivery of[^.]{0,100} is taking longer)"},
    {Phrase::temporary,
     R"(\btemporary (?:smtp |mail |delivery )+(?:error|failure|problem)|\b(?:message|mail) still undelivered\b|\bes tornarà a (?:provar|intentar)|\bse volverá a intentar)"},
    {Phrase::warning_only,
     R"(this is a warning (?:message )?only|warning message only|it will be retried until it is|will keep trying until message is|this is only a temporary failure report|you do not need to re-?send (?:your|the|this) message|delivery attempts will continue to be made for)"},
};

// Sendmail's receipts, which end in the queue of another server or at a list.
constexpr Rule kReceipts[] = {
    {Phrase::relayed, R"(\brelayed; expect no further notif)"},
    {Phrase::expanded, R"(\(expanded by (?:a )?mailing list\))"},
};

constexpr Rule kOthers[] = {
    // Delivered.
    {Phrase::success,
     R"((?:delivery to these recipients or groups is complete|la entrega a estos destinatarios[^.]{0,40}(?:se ha completado|completad[oa])|zustellung an diese empfänger[^.]{0,40}(?:abgeschlossen|erfolgreich)|la remise à ces destinataires[^.]{0,40}(?:terminée|effectuée)|la consegna a questi destinatari[^.]{0,40}completata|a entrega a estes destinatários[^.]{0,40}(?:concluída|completa))\b)"},
    {Phrase::success, R"(avvenuta consegna|è stato consegnato nella casella)"},
    {Phrase::success,
     R"(success(?:fully|ful) (?:delivered|mail delivery|sent|delivery)|(?:was|has been|were|have been) (?:successfully )?delivered(?: successfully)? to|delivery (?:status )?notification \(success\)|delivery (?:receipt|confirmation|report: delivered)|entregad[oa] correctamente|se (?:ha )?entreg(?:ó|ado) (?:correctamente )?(?:a|el|su|tu)|erfolgreich zugestellt|remis avec succès|consegnato correttamente|entregue com (?:ê|e)xito|(?:your message|mail) has been delivered)"},
    {Phrase::relayed,
     R"(: delivery via [a-z0-9.-]+\[|\brelayed (?:via|to|successfully|by)|was relayed)"},
    {Phrase::relayed,
     R"(delivery to these recipients[^.]{0,60}is complete, but no delivery notification|(?:but )?no delivery notification was sent by the destination|se (?:ha completado|complet[óo]) la entrega[^.]{0,60}(?:pero|aunque)|(?:relais|remise) (?:est )?terminée? (?:vers|pour|à) ces destinataires|aucune notification de remise n['’]a été envoyée|aber (?:vom|der) zielserver[^.]{0,40}keine (?:übermittlungs|zustell)|retransmisión[^.]{0,60}(?:completad|finalizad)|relayed mail)"},
    {Phrase::expanded,
     R"((?:was|has been|been|successfully) expanded|message was expanded|distribution list[^.]{0,60}expanded)"},
    // Somebody's program answers.
    {Phrase::auto_reply,
     R"(out of (?:the )?office|on (?:vacation|holiday|leave|annual leave)|(?:i am|i'm|i will be) (?:currently )?(?:away|absent|out)|automat(?:ic|ed) (?:reply|response|answer)|auto-?(?:reply|response|responder)|fuera de (?:la )?oficina|(?:estoy|estaré) (?:de )?(?:vacaciones|ausente|fuera)|respuesta automática|bin (?:ich )?(?:derzeit |zur zeit )?(?:nicht|im urlaub|abwesend)|abwesenheit|im urlaub|réponse automatique|(?:je suis|absent)(?: actuellement)? (?:absent|en congé|en vacances|du bureau)|risposta automatica|fuori (?:sede|ufficio)|sono in ferie|resposta automática|estou (?:de férias|ausente)|fora do escritório|afwezig|thank you for (?:your (?:e-?mail|message)|contacting)|hemos recibido (?:su|tu) (?:mensaje|correo|solicitud)|no longer (?:works?|with|employed)|ya no trabaja)"},
    {Phrase::auto_reply,
     R"((?:he|hemos) recibido (?:su|tu|vuestro) (?:mensaje|correo|e-?mail|solicitud|consulta)[^.]{0,60}(?:contestar|responder|atender)|(?:i|we) (?:have )?received your (?:e-?mail|message|mail|request)[^.]{0,60}(?:will|reply|answer|respond)|(?:nous avons|j['’]ai) bien reçu votre|(?:ich )?bin (?:ich )?(?:bis|vom|ab|heute|derzeit|momentan|leider)[^.!?]{0,20}(?:\.\d{0,2}\.?)?[^.!?]{0,40}nicht (?:im (?:haus|büro)|erreichbar|am platz|da\b)|nicht im haus)"},
    {Phrase::auto_reply,
     R"(på (?:ferie|semester)\b|\blomalla\b|szabadságon|na (?:dovolené|dovolenke|urlopie|godišnjem)|în concediu|(?:tatilde|izinde)yim|σε άδεια|в(?: ежегодном)? отпуске|у відпустці|на отпуска|休假|休暇|휴가|automatická odpov|automatyczna odpow|automatisk sv[aе]r|automaattinen vastaus|automatikus válasz)"},
    {Phrase::challenge,
     R"((?:verify|confirm|prove) (?:that )?you(?:'re| are| as)? (?:a |the )?(?:human|person|real|legitimate|sender|not a)|challenge.?response|\b(?:click|reply|follow)\b[^.]{0,60}(?:to (?:confirm|approve|release|deliver|verify)[^.]{0,40}(?:message|mail|e-?mail|address|sender))|confirm (?:your|this) (?:message|mail|e-?mail)|approved senders?|added to the recipient['’]?s (?:allowed|approved|white) ?list|(?:spamarrest|boxbe|tmda|sender verification|whitelist request)|first time (?:you|sender)|confirme (?:que|su) [^.]{0,30}(?:mensaje|envío|persona))"},
    {Phrase::mail_held,
     R"((?:incoming|pending|held|unreceived|undelivered|quarantined|blocked|important) (?:[a-z]+ )?(?:messages?|e-?mails?|mails?)\b|(?:messages?|e-?mails?|mails?)[^.]{0,60}\b(?:to|in|from|for) your (?:mail ?box|inbox|account)|(?:mensajes?|correos?)(?: electrónicos?)? (?:entrantes?|pendientes?|retenidos?|bloqueados?|en espera))"},
    {Phrase::release_link,
     R"(\b(?:click|log ?in|sign ?in|follow|use the (?:link|button))\b[^.]{0,80}\b(?:release|retrieve|recover|restore|receive|review)\b[^.]{0,40}\b(?:messages?|e-?mails?|mails?)\b|(?:haga|haz|hacer) clic[^.]{0,80}(?:liberar|recuperar|recibir|desbloquear)[^.]{0,40}(?:mensajes?|correos?)|(?:pulse|pinche|inicie sesión)[^.]{0,80}(?:liberar|recuperar|recibir|desbloquear)[^.]{0,40}(?:mensajes?|correos?))"},
    {Phrase::readers_mail,
     R"(\b(?:your|su|tu) (?:[a-z]+ )?(?:message|e-?mail|mail|letter|mensaje|correo)\b[^.@]{0,40}\b(?:to|for|para|a) [^ ]+@[^ ]+ [^.:]{0,60}\b(?:not|n['’]t|fail|failed|rejected|returned|bounced|refused|undeliver\w*|no (?:pudo|se|ha|fue)|rechazad\w*|devuelt\w*))"},
    {Phrase::list_notice,
     R"((?:is being held|awaits?|held) (?:until|for|the)?[^.]{0,40}(?:moderator|moderation|approval|review)|mailing list[^.]{0,60}(?:confirm|subscri)|(?:you are|you're) not (?:allowed|authori[sz]ed|permitted) to post|(?:not|n['’]t) (?:allowed|authori[sz]ed|permitted) to send (?:mail|messages?|e-?mail) to the [^.]{1,60} list|submitted to the moderators?\b|this is the ezmlm program|mailing list[^.]{0,20} seem to have been bouncing|post(?:ing)? (?:by )?non-?members?|pendiente de (?:moderación|aprobación)|(?:your )?(?:subscription|membership)[^.]{0,80}has been (?:disabled|suspended)|your message (?:for|to) (?:the )?list [^.]{1,80}(?:was|has been) rejected|to be subscribed to the list to post)"},
    {Phrase::goods,
     R"((?:your|his|the|su|tu|ihre?|votre|vos|(?:il|la) (?:tu[oa]|su[oa])|sua|seu) (?:[a-z]+ )?(?:parcels?|packages?|shipments?|orders?|purchases?|paquetes?|envíos?|pedidos?|compras?|sendung|paket|bestellung|colis|commandes?|pacco|spedizione|ordine|encomendas?|pacote|pakje|bestelling)\b)"},
    {Phrase::read_receipt,
     R"(return receipt|read receipt|was (?:read|displayed|opened) on|message was (?:read|displayed)|(?:ha sido|fue) (?:leído|abierto|mostrado)|acuse de (?:recibo|lectura)|confirmaci[oó]n de lectura|accusé de (?:réception du message|lecture)|(?:message|mensaje|messaggio) (?:a été|se ha|è stato) (?:affiché|mostrado|visualizzato)|lesebestätigung|empfangsbestätigung (?:\(angezeigt\)|für eine (?:e-?mail|nachricht))|gelesen am|confirmation de lecture|conferma di lettura|deleted without being read)"},
};

constexpr Rule
    kSubject
        [] =
            {
                {Phrase::failure,
                 R"(undeliver|non.?deliver|returned (?:e-?)?mail|returned to sender|mail delivery (?:failed|failure|error|problem|system|status report)|delivery (?:failure|failed|error|problem|status notification: error|status notification ?\(failure|notification: delivery has failed|report)|failure (?:notice|delivery|notification)|failed mail|mail (?:system )?error|could ?n[o']t (?:be )?(?:deliver|send)|message (?:delivery )?(?:failure|failed)|user unknown|error sending|\bbounced\b|^bounces?\b|\bbounces?:|bounce (?:message|mail|notice|notification|report)|rejected|no entrega|no se puede entregar|error de entrega|devuelto|correo devuelto|fallo de entrega|unzustellbar|unzustellbarkeit|no entregable|nicht zustellbar|message you sent (?:was )?blocked|blocked by (?:our|the) |nicht zugestellt|zustellung fehlgeschlagen|rücksendung|non remis|échec|non distribu|impossibile recapitare|non recapitabile|mancato recapito|mancata consegna|não (?:é possível )?entreg|não entregue|falha (?:na|de) entrega|onbestelbaar|niet bezorgd|nie można dostarczyć|niedostarcz|не доставлен|недоставлен|не удается доставить|配信不能|配信できません|未送達|メール ?エラー|送信エラー|送信できません|エラー通知|无法送达|投递失败|退信|退件|반송|전송 실패|undelivered mail returned|nondeliverable|delivery unsuccessful|problem delivering|address not found)"},
                {Phrase::failure, R"((?:abgewiesen|abgelehnt|zurückgewiesen)$|wurde (?:abgewiesen|abgelehnt|zurückgewiesen|blockiert)|a été (?:rejeté|refusé|bloqué)|(?:ha sido|fue) (?:rechazad|devuelt|bloquead)|(?:è stat[oa] )(?:rifiutat|respint|bloccat)|foi (?:rejeitad|recusad|devolvid|bloquead)|is geweigerd|(?:mensaje|correo) no enviado|mensagem não enviada|message non (?:envoyé|délivré))"},
                {Phrase::failure,
                 R"(nedoručiteln|kan (?:ikke|inte) lever|kunne ikke lever|teslim edile|no s['’]ha pogut lliurar|无法传递|传输失败|unable to deliver)"},
                {Phrase::delay,
                 R"(delay|warning: (?:could not send|message|mail)|deferred|postponed|still (?:queued|undelivered)|retras|demora|aplazad|verzöger|retard|différé|ritard|atras|vertraging|vertraagd|opóźni|задерж|遅延|延迟|advisory: |mail (?:queue )?warning)"},
                {Phrase::success,
                 R"(\bsuccess|delivered:|delivery (?:receipt|confirmation)|entregado:|zugestellt:|remis ?:|recapitato:|entregue:|delivery report: success|^(?:avvenuta )?consegna: )"},
                {Phrase::relayed,
                 R"(^relayed:|^retransmitido:|^weitergeleitet:|^transmis ?:|^inoltrato:)"},
                {Phrase::expanded, R"(^expanded:|^expandido:|^erweitert:)"},
                {Phrase::auto_reply,
                 R"(^(?:re: ?)?\[?(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response|responder)|autoreply|out of (?:the )?office|ooo\b|vacation|away from|fuera de la oficina|respuesta automática|ausente|abwesen|automatische antwort|absence|réponse automatique|absent|risposta automatica|fuori ufficio|resposta automática|automatisch antwoord|afwezig|autosvar|automatická odpověď|automatyczna odpowiedź|自动回复|自動回覆|автоответ)|out of office|\(away\)|holiday|on leave|\bvacation\b)"},
                {Phrase::challenge,
                 R"(confirm(?:ation)? (?:required|request|your)|please confirm|verify your|whitelist|challenge|approval needed|confirme su)"},
                {Phrase::list_notice,
                 R"((?:your message to|post to) .{1,80}awaits|^loop alert: |awaiting (?:moderator )?(?:approval|moderation)|request to mailing list|confirm [0-9a-f]{20,}|^bounce \S+@\S+: +(?:non-?member|approval|message too|header|taboo|admin|global taboo))"},
                {Phrase::read_receipt,
                 R"(^(?:read|leído|gelesen|lu|letto|lida|lido|gelezen): |^return receipt|^read receipt|\(displayed\)|disposition|^not read: |^confirmación de lectura|^lesebestätigung|- return receipt$)"},
};

// Each rule by itself: a set of them would be one automaton too large for any memory limit.
class PhraseRules {
 public:
  explicit PhraseRules(std::initializer_list<std::span<const Rule>> tables) {
    RE2::Options options;
    options.set_case_sensitive(false);
    for (const auto table : tables) {
      for (const auto& rule : table)
        rules_.emplace_back(rule.phrase, std::make_unique<RE2>(rule.pattern, options));
    }
  }

  Phrases match(const std::string& text) const {
    Phrases found;
    for (const auto& [phrase, pattern] : rules_) {
      if (!found.has(phrase) && RE2::PartialMatch(text, *pattern)) found.add(phrase);
    }
    return found;
  }

 private:
  std::vector<std::pair<Phrase, std::unique_ptr<RE2>>> rules_;
};

// A full stop ends a sentence; that of an address does not.
void drop_dots_of_addresses(std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    const auto word = std::string_view(text).substr(at, end - at);
    const bool address = word.find('@') != std::string_view::npos;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (!address || word[i] != '.' || i + 1 == word.size()) out.push_back(word[i]);
    }
    if (end < text.size()) out.push_back(' ');
    at = end + 1;
  }
  text = std::move(out);
}

std::string flat(std::string_view text) {
  constexpr std::size_t kBytesMax = 32 * 1024;  // notices are short; what quotes them is not
  std::string out;
  for (const char c : text.substr(0, kBytesMax)) {
    const bool blank = (c >= 0 && c <= ' ') || c == '*';
    if (!blank) out.push_back(c);
    if (blank && !out.empty() && out.back() != ' ') out.push_back(' ');
  }
  if (out.find('@') != std::string::npos) drop_dots_of_addresses(out);
  return out;
}

}  // namespace

Phrases phrases_in(std::string_view text) {
  static const PhraseRules rules({kFailures, kMoreFailures, kCauses, kDelays, kReceipts, kOthers});
  // "You'll be notified if the delivery fails permanently" says that it has not.
  static const RE2 condition(
      R"((?i)\b(?:if|si|se|wenn|falls)\b[^.]{0,60}\b(?:permanent(?:ly|emente)?|definitiv\pL*|dauerhaft|endgültig))");
  // Postfix' note of a success warns of what others may report yet.
  static const RE2 warning(R"((?i)\byou may still receive\b[^.]*)");
  auto said = flat(text);
  RE2::GlobalReplace(&said, condition, "");
  RE2::GlobalReplace(&said, warning, "");
  return rules.match(said);
}

Phrases phrases_in_subject(std::string_view subject) {
  static const PhraseRules rules({kSubject});
  return rules.match(flat(subject));
}

}  // namespace rastro
