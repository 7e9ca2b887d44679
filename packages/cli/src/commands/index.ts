import type { CommandDefinition } from '../command.ts'
import { call, reply } from './call.ts'
import { contactAdd, contactList, contactShow } from './contact.ts'
import { contactBlock, contactUnblock } from './contact-block.ts'
import { contactDelete, contactEdit, contactRemove, contactRestore } from './contact-edit.ts'
import { contactExport } from './contact-export.ts'
import { contactFollow, contactUnverify, contactVerify } from './contact-verify.ts'
import { conversationAttach } from './conversation-attach.ts'
import { conversationDelivery } from './conversation-delivery.ts'
import { conversationExport } from './conversation-export.ts'
import { conversationAnswer, conversationAppointment, conversationPlace, conversationSurvey } from './conversation-extra.ts'
import { conversationGraph } from './conversation-graph.ts'
import { conversationImport } from './conversation-import.ts'
import { conversationList } from './conversation-list.ts'
import { conversationMark, conversationNote } from './conversation-mark.ts'
import { conversationLock, conversationRecover, conversationRelease, conversationRemoveFile, conversationRemoveMessage } from './conversation-message.ts'
import { conversationNew } from './conversation-new.ts'
import { conversationInvite, conversationLeave, conversationPermission, conversationRemove } from './conversation-people.ts'
import { conversationReact, conversationUnreact } from './conversation-react.ts'
import { conversationSave } from './conversation-save.ts'
import { conversationEdit, conversationSay } from './conversation-say.ts'
import { conversationExpire, conversationLabel, conversationRename, conversationSeen, conversationUnlabel } from './conversation-settings.ts'
import { conversationShow } from './conversation-show.ts'
import { conversationVerify } from './conversation-verify.ts'
import { deviceStart } from './device.ts'
import { deviceDelete, deviceList, deviceRemove, deviceRename } from './device-list.ts'
import { deviceJoin, devicePair } from './device-pair.ts'
import { doctor } from './doctor.ts'
import { draftDiscard, draftEdit, draftList, draftNew, draftPublish, draftShow } from './draft.ts'
import { contactAlias, groupAdd, groupCreate, groupDelete, groupList, groupRemove } from './group.ts'
import { idCard, idCreate, idName, idShow } from './id.ts'
import { idExport, idImport, idPassphrase } from './id-backup.ts'
import { idRestore } from './id-restore.ts'
import { idRotate } from './id-rotate.ts'
import { inbox } from './inbox.ts'
import { play } from './play.ts'
import { policySet, policyShow } from './policy.ts'
import { presenceSet, presenceShow } from './presence.ts'
import { profileShow, profileVerifyName } from './profile.ts'
import { profileClear, profilePhoto, profileSet } from './profile-set.ts'
import { proxyAdd, proxyStart, proxyStatus } from './proxy.ts'
import { proxyList, proxyMove } from './proxy-move.ts'
import { requestAccept, requestDecline, requestList } from './request.ts'
import { search } from './search.ts'

/** Every command, in the order of the help text. */
export const commands: CommandDefinition[] = [
  idCreate, idShow, idName, idCard, idRestore, idRotate, idPassphrase, idExport, idImport,
  contactAdd, contactList, contactShow, contactEdit, contactRemove, contactRestore, contactDelete, contactBlock, contactUnblock,
  contactVerify, contactUnverify, contactFollow, contactExport, contactAlias,
  groupCreate, groupAdd, groupRemove, groupList, groupDelete,
  requestList, requestAccept, requestDecline, policyShow, policySet,
  profileShow, profileSet, profilePhoto, profileClear, profileVerifyName,
  presenceShow, presenceSet,
  proxyStart, proxyStatus, proxyAdd, proxyList, proxyMove,
  deviceStart, devicePair, deviceJoin, deviceList, deviceRename, deviceRemove, deviceDelete,
  call, inbox, play, reply,
  conversationList, conversationShow, conversationNew, conversationSay, conversationEdit, conversationRemoveMessage, conversationRecover, conversationLock, conversationRelease,
  conversationReact, conversationUnreact, conversationAttach, conversationSave, conversationRemoveFile,
  conversationPlace, conversationAppointment, conversationSurvey, conversationAnswer,
  conversationInvite, conversationPermission, conversationRemove, conversationLeave,
  conversationRename, conversationExpire, conversationLabel, conversationUnlabel, conversationMark, conversationNote, conversationSeen,
  conversationDelivery, conversationVerify, conversationExport, conversationImport, conversationGraph,
  draftNew, draftEdit, draftList, draftShow, draftPublish, draftDiscard, search,
  doctor
]
