export type { AddAttachment, AddMessage, AddParticipant, Content, DeleteParticipant, Permission, PlayedMessage, PublishConversation, VoiceEnd, VoiceStart } from './content.ts'
