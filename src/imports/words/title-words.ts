/** What stands at the head of a document: markings, names of organisations, and what jobs are called. */

/** How a paper is protected, which stands above everything else. */
export const marking = /^official(?:\W*sensitive)?\W*$|^not protectively marked$/i

/** The name of an organisation, as it stands above a title. */
export const ofOrganisation =
  /^(?:ministry of|department (?:for|of)|hm |home office$|cabinet office$|nhs |(?:(?:royal|london) )?borough of|(?:city|county) of)|\b(?:council|agency|trust|authority|university|office of|constabulary)\b|\bpolice(?: service)?$/i

/** How the names of charities and companies end. */
export const ofCharity =
  /\b(?:women|men|age|action|refugee|child(?:ren)?|legal|christian|victim)[’']?s? aid$|\b(?:charit(?:y|ies)|foundation|hospice|housing association|society|c\.?i\.?c\.?|ltd\.?|limited|plc|llp)$/i

/** What people are called who do a job; `Associate` and the like stand before others. */
export const jobNouns =
  /\b(?:accountant|administrator|advis[eo]r|advocate|analyst|apprentice|architect|assistant|associate|auditor|caseworker|chef|cleaner|clerk|consultant|co-?ordinator|counsellor|designer|developer|director|driver|economist|editor|engineer|examiner|executive|fundraiser|governor|head|inspector|instructor|investigator|lawyer|lead|leader|lecturer|librarian|manager|mentor|nurse|officer|operator|owner|paralegal|pharmacist|physiotherapist|planner|porter|practitioner|professor|programmer|psychologist|ranger|receptionist|representative|researcher|scientist|secretary|solicitor|specialist|statistician|supervisor|surveyor|teacher|technician|technologist|tester|therapist|trainer|tutor|warden|worker|writer)\b/i
