-- AlterTable
ALTER TABLE "backups" ADD COLUMN     "objects" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "environments" ADD COLUMN     "functions_directory" TEXT,
ADD COLUMN     "management_url" TEXT,
ADD COLUMN     "project_url" TEXT,
ADD COLUMN     "sealed_access_token" TEXT,
ADD COLUMN     "sealed_service_key" TEXT;
